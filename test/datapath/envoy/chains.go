package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tcp "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	tlssocket "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
)

// listenerConfig is a Listener resource, ready for use.
type listenerConfig struct {
	name      string
	source    *resource[*listener.Listener]
	addresses []string
	chains    []*filterChain
	// Taken when no chain matches; nil: the connection is closed.
	fallback *filterChain
	// What must have been answered before it serves.
	routes, secrets []string
}

// filterChain is what happens to the connections that match it: HTTP by a route table, or TCP to a cluster.
type filterChain struct {
	title       string
	serverNames []string
	transport   string
	protocols   []string
	port        uint32
	// Terminates TLS with the first of these that was sent.
	terminates bool
	secrets    []string
	alpn       []string
	// One of: the name of a route table, a table in place, clusters for TCP. None: filters that are unknown here.
	routeConfig string
	inline      *routeTable
	clusters    *weightedClusters
}

// compileListeners reads all listeners; those that did not change stay as they are.
func compileListeners(listeners table[*listener.Listener], old map[string]*listenerConfig) (map[string]*listenerConfig, error) {
	configs := map[string]*listenerConfig{}
	for name, source := range listeners {
		if old[name] != nil && old[name].source == source {
			configs[name] = old[name]
			continue
		}
		config, err := compileListener(source)
		if err != nil {
			return nil, fmt.Errorf("listener %s: %w", name, err)
		}
		configs[name] = config
	}
	return configs, nil
}

func compileListener(source *resource[*listener.Listener]) (*listenerConfig, error) {
	l := source.message
	config := &listenerConfig{name: l.GetName(), source: source}
	addresses := []*core.Address{l.GetAddress()}
	for _, additional := range l.GetAdditionalAddresses() {
		addresses = append(addresses, additional.GetAddress())
	}
	for _, address := range addresses {
		if socket := address.GetSocketAddress(); socket != nil {
			config.addresses = append(config.addresses, net.JoinHostPort(socket.GetAddress(), strconv.Itoa(int(socket.GetPortValue()))))
		}
	}
	for _, sent := range l.GetFilterChains() {
		chain, err := config.compileChain(sent)
		if err != nil {
			return nil, err
		}
		config.chains = append(config.chains, chain)
	}
	if sent := l.GetDefaultFilterChain(); sent != nil {
		chain, err := config.compileChain(sent)
		if err != nil {
			return nil, err
		}
		config.fallback = chain
	}
	return config, nil
}

func (config *listenerConfig) compileChain(sent *listener.FilterChain) (*filterChain, error) {
	match := sent.GetFilterChainMatch()
	chain := &filterChain{
		serverNames: match.GetServerNames(),
		transport:   match.GetTransportProtocol(),
		protocols:   match.GetApplicationProtocols(),
		port:        match.GetDestinationPort().GetValue(),
	}
	chain.title = strings.TrimSpace(sent.GetName() + " " + chain.transport + " " + strings.Join(chain.serverNames, ","))
	if typed := sent.GetTransportSocket().GetTypedConfig(); typed != nil {
		if err := config.compileTLS(chain, sent.GetTransportSocket()); err != nil {
			return nil, err
		}
	}
	for _, filter := range sent.GetFilters() {
		message, err := filter.GetTypedConfig().UnmarshalNew()
		if err != nil {
			continue // a filter of a kind that is unknown here
		}
		switch f := message.(type) {
		case *hcm.HttpConnectionManager:
			chain.routeConfig = f.GetRds().GetRouteConfigName()
			if chain.routeConfig != "" {
				config.routes = append(config.routes, chain.routeConfig)
			} else if chain.inline, err = compileRoutes(f.GetRouteConfig()); err != nil {
				return nil, err
			}
		case *tcp.TcpProxy:
			chain.clusters = tcpClusters(f)
		}
	}
	return chain, nil
}

func (config *listenerConfig) compileTLS(chain *filterChain, socket *core.TransportSocket) error {
	message, err := socket.GetTypedConfig().UnmarshalNew()
	if err != nil {
		return fmt.Errorf("transport socket: %w", err)
	}
	downstream, ok := message.(*tlssocket.DownstreamTlsContext)
	if !ok {
		return nil
	}
	chain.terminates = true
	for _, protocols := range downstream.GetCommonTlsContext().GetAlpnProtocols() {
		chain.alpn = append(chain.alpn, strings.Split(protocols, ",")...)
	}
	for _, secret := range downstream.GetCommonTlsContext().GetTlsCertificateSdsSecretConfigs() {
		chain.secrets = append(chain.secrets, secret.GetName())
		config.secrets = append(config.secrets, secret.GetName())
	}
	return nil
}

// choose picks the chain for a connection. As in Envoy, each property narrows the choice to its most specific match,
// and there is no way back when a later one does not match. A nil hello is a connection without TLS.
func (config *listenerConfig) choose(hello *tls.ClientHelloInfo, port uint32) *filterChain {
	transport, serverName, protocols := "raw_buffer", "", []string(nil)
	if hello != nil {
		transport, serverName, protocols = "tls", strings.ToLower(hello.ServerName), hello.SupportedProtos
	}
	left := mostSpecific(config.chains, func(c *filterChain) int {
		if c.port == 0 {
			return 1
		}
		return boolRank(c.port == port, 2)
	})
	left = mostSpecific(left, func(c *filterChain) int { return serverNameRank(c.serverNames, serverName) })
	left = mostSpecific(left, func(c *filterChain) int {
		if c.transport == "" {
			return 1
		}
		return boolRank(c.transport == transport, 2)
	})
	left = mostSpecific(left, func(c *filterChain) int {
		if len(c.protocols) == 0 {
			return 1
		}
		for _, offered := range protocols {
			for _, wanted := range c.protocols {
				if offered == wanted {
					return 2
				}
			}
		}
		return 0
	})
	if len(left) == 0 {
		return config.fallback
	}
	return left[0]
}

// mostSpecific keeps the chains of the highest rank; rank 0 is no match.
func mostSpecific(chains []*filterChain, rank func(*filterChain) int) []*filterChain {
	best, kept := 1, []*filterChain(nil)
	for _, chain := range chains {
		switch r := rank(chain); {
		case r > best:
			best, kept = r, []*filterChain{chain}
		case r == best:
			kept = append(kept, chain)
		}
	}
	return kept
}

func boolRank(matches bool, rank int) int {
	if matches {
		return rank
	}
	return 0
}

// serverNameRank: an exact name beats any wildcard, a longer wildcard a shorter one, and those a chain without names.
func serverNameRank(names []string, serverName string) int {
	if len(names) == 0 {
		return 1
	}
	best := 0
	for _, name := range names {
		name = strings.ToLower(name)
		suffix, wildcard := strings.CutPrefix(name, "*")
		switch {
		case name == serverName:
			return 1 << 20
		case wildcard && strings.HasSuffix(serverName, suffix) && len(serverName) > len(suffix):
			best = max(best, 1+len(suffix))
		}
	}
	return best
}
