package main

import (
	"fmt"
	"time"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tls "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"
)

// resource is one xDS resource as the agent last sent it.
type resource[T proto.Message] struct {
	message T
	// The response that first carried it in this form, and when that came.
	version string
	since   time.Time
}

// table holds the resources of one kind by name. A nil entry was asked for and the agent answered that it has none.
type table[T proto.Message] map[string]*resource[T]

// state is everything that the agent sent and that counts.
type state struct {
	listeners table[*listener.Listener]
	// What the listeners say, ready for use; by the same names.
	configs   map[string]*listenerConfig
	clusters  table[*cluster.Cluster]
	routes    table[*route.RouteConfiguration]
	endpoints table[*endpoint.ClusterLoadAssignment]
	secrets   table[*tls.Secret]
}

func newState() state {
	return state{
		listeners: table[*listener.Listener]{},
		configs:   map[string]*listenerConfig{},
		clusters:  table[*cluster.Cluster]{},
		routes:    table[*route.RouteConfiguration]{},
		endpoints: table[*endpoint.ClusterLoadAssignment]{},
		secrets:   table[*tls.Secret]{},
	}
}

// with is the table after a response that carries all resources of the kind: what is absent is gone.
func (t table[T]) with(response *discovery.DiscoveryResponse) (table[T], error) {
	messages, err := unpack[T](response)
	if err != nil {
		return nil, err
	}
	fresh := table[T]{}
	for name, message := range messages {
		fresh[name] = t[name].next(message, response.GetVersionInfo())
	}
	return fresh, nil
}

// put takes the response to a request for one name. An empty one changes nothing that stands there, as in Envoy.
func (t table[T]) put(name string, response *discovery.DiscoveryResponse) error {
	messages, err := unpack[T](response)
	if err != nil {
		return err
	}
	message, sent := messages[name]
	if len(messages) > 0 && !sent {
		return fmt.Errorf("%s was asked for, another resource came", name)
	}
	if sent {
		t[name] = t[name].next(message, response.GetVersionInfo())
	} else if _, known := t[name]; !known {
		t[name] = nil
	}
	return nil
}

// next keeps a resource that was sent again unchanged: every response for listeners and clusters carries all of them.
func (r *resource[T]) next(message T, version string) *resource[T] {
	if r != nil && proto.Equal(r.message, message) {
		return r
	}
	return &resource[T]{message: message, version: version, since: time.Now()}
}

func unpack[T proto.Message](response *discovery.DiscoveryResponse) (map[string]T, error) {
	messages := map[string]T{}
	for _, packed := range response.GetResources() {
		message, err := packed.UnmarshalNew()
		if err != nil {
			return nil, err
		}
		typed, ok := message.(T)
		if !ok {
			return nil, fmt.Errorf("a %s is not what was asked for", packed.GetTypeUrl())
		}
		messages[resourceName(message)] = typed
	}
	return messages, nil
}

func resourceName(message proto.Message) string {
	switch m := message.(type) {
	case interface{ GetName() string }:
		return m.GetName()
	case interface{ GetClusterName() string }:
		return m.GetClusterName()
	}
	return ""
}

// references lists the resources that listeners and clusters refer to.
func (s *state) references() map[kind]map[string]bool {
	routes, endpoints, secrets := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, config := range s.configs {
		for _, name := range config.routes {
			routes[name] = true
		}
		for _, name := range config.secrets {
			secrets[name] = true
		}
	}
	for _, c := range s.clusters {
		if name, ok := endpointsName(c.message); ok {
			endpoints[name] = true
		}
	}
	return map[kind]map[string]bool{routeKind: routes, endpointKind: endpoints, secretKind: secrets}
}

func (s *state) forget(kind kind, name string) {
	switch kind {
	case routeKind:
		delete(s.routes, name)
	case endpointKind:
		delete(s.endpoints, name)
	case secretKind:
		delete(s.secrets, name)
	}
}

// endpointsName is the EDS name of a cluster; other kinds of cluster carry their endpoints themselves.
func endpointsName(c *cluster.Cluster) (string, bool) {
	if c.GetType() != cluster.Cluster_EDS {
		return "", false
	}
	if name := c.GetEdsClusterConfig().GetServiceName(); name != "" {
		return name, true
	}
	return c.GetName(), true
}
