module cilium-cloud-bridge/test/datapath/client

go 1.25.0
