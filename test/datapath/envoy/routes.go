package main

import (
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"

	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tcp "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
)

// routeTable is a RouteConfiguration, ready for use.
type routeTable struct {
	name       string
	ignorePort bool
	hosts      []*virtualHost
}

type virtualHost struct {
	name    string
	domains []string
	routes  []*routeEntry
}

// routeEntry is one match and what follows from it: exactly one of clusters, redirect and direct is set.
type routeEntry struct {
	// The match in words, such as `prefix /api, header x-canary`.
	title    string
	matches  func(*request) bool
	clusters *weightedClusters
	redirect *route.RedirectAction
	direct   *route.DirectResponseAction
}

// weightedClusters hands out its clusters in turn, in exact shares: what a test counts does not depend on chance.
type weightedClusters struct {
	names   []string
	weights []uint64
	total   uint64
	next    atomic.Uint64
}

// request is what routes are matched against.
type request struct {
	host, path, method, scheme string
	header                     func(name string) (string, bool)
	query                      map[string][]string
}

func compileRoutes(config *route.RouteConfiguration) (*routeTable, error) {
	table := &routeTable{name: config.GetName(), ignorePort: config.GetIgnorePortInHostMatching()}
	for _, sent := range config.GetVirtualHosts() {
		host := &virtualHost{name: sent.GetName()}
		for _, domain := range sent.GetDomains() {
			host.domains = append(host.domains, strings.ToLower(domain))
		}
		for _, r := range sent.GetRoutes() {
			entry, err := compileRoute(r)
			if err != nil {
				return nil, fmt.Errorf("virtual host %s: %w", host.name, err)
			}
			host.routes = append(host.routes, entry)
		}
		table.hosts = append(table.hosts, host)
	}
	return table, nil
}

// checkRoutes finds what would make a route table unusable, before it is accepted.
func checkRoutes(response *discovery.DiscoveryResponse) error {
	tables, err := unpack[*route.RouteConfiguration](response)
	if err != nil {
		return err
	}
	for _, table := range tables {
		if _, err := compileRoutes(table); err != nil {
			return err
		}
	}
	return nil
}

func compileRoute(r *route.Route) (*routeEntry, error) {
	matches, title, err := compileMatch(r.GetMatch())
	if err != nil {
		return nil, err
	}
	entry := &routeEntry{title: title, matches: matches, redirect: r.GetRedirect(), direct: r.GetDirectResponse()}
	if action := r.GetRoute(); action != nil {
		entry.clusters = newWeightedClusters()
		for _, c := range action.GetWeightedClusters().GetClusters() {
			entry.clusters.add(c.GetName(), c.GetWeight().GetValue())
		}
		if action.GetCluster() != "" {
			entry.clusters.add(action.GetCluster(), 1)
		}
	}
	return entry, nil
}

// find picks the virtual host and then its first route that matches, as Envoy does. Either may be nil.
func (t *routeTable) find(r *request) (*virtualHost, *routeEntry) {
	name := strings.ToLower(r.host)
	if t.ignorePort {
		if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, ']') {
			name = name[:colon]
		}
	}
	host := t.host(name)
	if host == nil {
		return nil, nil
	}
	for _, entry := range host.routes {
		if entry.matches(r) {
			return host, entry
		}
	}
	return host, nil
}

// host: an exact domain, then the longest `*.suffix`, then the longest `prefix.*`, then `*`.
func (t *routeTable) host(name string) *virtualHost {
	var found *virtualHost
	best := 0
	for _, host := range t.hosts {
		for _, domain := range host.domains {
			if rank := domainRank(domain, name); rank > best {
				found, best = host, rank
			}
		}
	}
	return found
}

func domainRank(domain, name string) int {
	const exact, suffix, prefix = 3 << 20, 2 << 20, 1 << 20
	switch {
	case domain == name:
		return exact
	case domain == "*":
		return 1
	case strings.HasPrefix(domain, "*"):
		return boolRank(len(name) >= len(domain) && strings.HasSuffix(name, domain[1:]), suffix+len(domain))
	case strings.HasSuffix(domain, "*"):
		return boolRank(len(name) >= len(domain) && strings.HasPrefix(name, domain[:len(domain)-1]), prefix+len(domain))
	}
	return 0
}

func newWeightedClusters() *weightedClusters { return &weightedClusters{} }

func (w *weightedClusters) add(name string, weight uint32) {
	w.names = append(w.names, name)
	w.weights = append(w.weights, uint64(weight))
	w.total += uint64(weight)
}

// pick returns the next cluster's name; none when all weights are 0.
func (w *weightedClusters) pick() (string, bool) {
	if w.total == 0 {
		return "", false
	}
	turn := (w.next.Add(1) - 1) % w.total
	for i, weight := range w.weights {
		if turn < weight {
			return w.names[i], true
		}
		turn -= weight
	}
	return "", false
}

func tcpClusters(proxy *tcp.TcpProxy) *weightedClusters {
	clusters := newWeightedClusters()
	for _, c := range proxy.GetWeightedClusters().GetClusters() {
		clusters.add(c.GetName(), c.GetWeight())
	}
	if proxy.GetCluster() != "" {
		clusters.add(proxy.GetCluster(), 1)
	}
	return clusters
}

// wholeMatch is how Envoy applies a regular expression: to the whole text.
func wholeMatch(pattern string) (*regexp.Regexp, error) {
	return regexp.Compile(`^(?:` + pattern + `)$`)
}
