package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlssocket "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
)

// view is what requests read: the state at one moment, ready for use. It is never changed, only replaced.
type view struct {
	routes       map[string]*routeView
	clusters     map[string]*clusterView
	certificates map[string]*certificate
}

type routeView struct {
	source *resource[*route.RouteConfiguration]
	table  *routeTable
}

type clusterView struct {
	// False as long as the agent said nothing of its endpoints.
	known     bool
	endpoints []string
}

type certificate struct {
	source *resource[*tlssocket.Secret]
	tls    tls.Certificate
	// Hexadecimal, as a client sees it in the handshake.
	serial string
}

// newView compiles what changed since the old view and takes over the rest.
func newView(old *view, s *state) *view {
	fresh := &view{routes: map[string]*routeView{}, clusters: map[string]*clusterView{}, certificates: map[string]*certificate{}}
	for name, source := range s.routes {
		if source == nil {
			continue
		}
		if known := old.routes[name]; known != nil && known.source == source {
			fresh.routes[name] = known
			continue
		}
		if table, err := compileRoutes(source.message); err == nil { // an error was found before it was accepted
			fresh.routes[name] = &routeView{source: source, table: table}
		}
	}
	for name, source := range s.clusters {
		fresh.clusters[name] = s.clusterView(source.message)
	}
	for name, source := range s.secrets {
		if known := old.certificates[name]; known != nil && known.source == source {
			fresh.certificates[name] = known
		} else if made, err := newCertificate(source); err == nil {
			fresh.certificates[name] = made
		}
	}
	return fresh
}

func (s *state) clusterView(c *cluster.Cluster) *clusterView {
	name, discovered := endpointsName(c)
	if !discovered {
		return &clusterView{known: true, endpoints: addresses(c.GetLoadAssignment())}
	}
	source := s.endpoints[name]
	if source == nil {
		_, answered := s.endpoints[name]
		return &clusterView{known: answered}
	}
	return &clusterView{known: true, endpoints: addresses(source.message)}
}

// addresses lists the endpoints that take traffic, sorted.
func addresses(assignment *endpoint.ClusterLoadAssignment) []string {
	found := []string{}
	for _, locality := range assignment.GetEndpoints() {
		for _, e := range locality.GetLbEndpoints() {
			switch e.GetHealthStatus() {
			case core.HealthStatus_UNKNOWN, core.HealthStatus_HEALTHY, core.HealthStatus_DEGRADED:
				socket := e.GetEndpoint().GetAddress().GetSocketAddress()
				found = append(found, net.JoinHostPort(socket.GetAddress(), strconv.Itoa(int(socket.GetPortValue()))))
			}
		}
	}
	slices.Sort(found)
	return found
}

func newCertificate(source *resource[*tlssocket.Secret]) (*certificate, error) {
	sent := source.message.GetTlsCertificate()
	if sent == nil {
		return nil, fmt.Errorf("secret %s holds no certificate", source.message.GetName())
	}
	pair, err := tls.X509KeyPair(data(sent.GetCertificateChain()), data(sent.GetPrivateKey()))
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", source.message.GetName(), err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", source.message.GetName(), err)
	}
	return &certificate{source: source, tls: pair, serial: leaf.SerialNumber.Text(16)}, nil
}

func data(source *core.DataSource) []byte {
	if text := source.GetInlineString(); text != "" {
		return []byte(text)
	}
	return source.GetInlineBytes()
}

// milliseconds is how times are told to tests: since the epoch.
func milliseconds(t time.Time) int64 { return t.UnixMilli() }
