// Stands in for cilium-envoy beside a real Cilium agent, where no Envoy binary can be had. It subscribes to everything
// that Envoy subscribes to, acknowledges it, opens the proxy port of every listener, and applies the route table that it
// was sent; but it answers each request by itself, with a JSON description of what it would have done with it.
//
// It can not show that a real Envoy accepts the configuration: filters that it doesn't know are passed over.
//
// usage: envoy -xds <agent's xds.sock> -admin <socket to make> -node <name in answers>
package main

import (
	"context"
	"flag"
	"log"
	"os/signal"
	"syscall"
)

func main() {
	xdsSocket := flag.String("xds", "", "unix socket on which the agent serves xDS")
	adminSocket := flag.String("admin", "", "unix socket to serve the current state on")
	node := flag.String("node", "", "name of the node, for answers")
	flag.Parse()
	if *xdsSocket == "" || *adminSocket == "" || *node == "" || flag.NArg() > 0 {
		flag.Usage()
		log.Fatal("-xds, -admin and -node are needed")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	envoy := newEnvoy(*node)
	if err := envoy.serveAdmin(ctx, *adminSocket); err != nil {
		log.Fatalf("cannot serve the state on %s: %v", *adminSocket, err)
	}
	if err := envoy.subscribe(ctx, *xdsSocket); err != nil {
		log.Fatalf("cannot talk to %s: %v", *xdsSocket, err)
	}
	<-ctx.Done()
	envoy.listeners.closeAll()
}
