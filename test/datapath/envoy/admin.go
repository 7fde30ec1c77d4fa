package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"

	// Known so that the state can show what is in them; others show as their name only.
	_ "github.com/cilium/proxy/go/cilium/api"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/grpc_stats/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/grpc_web/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/local_ratelimit/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/proxy_protocol/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/emptypb"
)

// stateDump is the whole xDS state, for tests that compare what the agent sends for two objects.
type stateDump struct {
	Node      string         `json:"node"`
	Listeners []listenerDump `json:"listeners"`
	Routes    []resourceDump `json:"routes"`
	Clusters  []resourceDump `json:"clusters"`
	Endpoints []resourceDump `json:"endpoints"`
	Secrets   []secretDump   `json:"secrets"`
}

type resourceDump struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Since   int64  `json:"since"`
	// Null: asked for, and the agent has none.
	Resource json.RawMessage `json:"resource"`
}

type listenerDump struct {
	resourceDump
	// Addresses that it serves on; empty while it waits for its routes and secrets.
	Serves  []string `json:"serves"`
	Problem string   `json:"problem"`
}

type secretDump struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Since   int64  `json:"since"`
	Serial  string `json:"serial"`
}

// serveAdmin serves GET /state on a unix socket until the context ends.
func (e *envoy) serveAdmin(ctx context.Context, path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	socket, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(e.dump()); err != nil {
			log.Printf("the state can't be written: %v", err)
		}
	})
	server := &http.Server{Handler: routes}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	go func() { _ = server.Serve(socket) }()
	return nil
}

func (e *envoy) dump() *stateDump {
	e.mu.Lock()
	defer e.mu.Unlock()
	dump := &stateDump{
		Node:      e.node,
		Listeners: []listenerDump{},
		Routes:    dumpTable(e.state.routes),
		Clusters:  dumpTable(e.state.clusters),
		Endpoints: dumpTable(e.state.endpoints),
		Secrets:   []secretDump{},
	}
	for _, resource := range dumpTable(e.state.listeners) {
		one := listenerDump{resourceDump: resource, Serves: []string{}}
		if open := e.listeners.open[resource.Name]; open != nil {
			one.Problem = open.problem
			for address := range open.sockets {
				one.Serves = append(one.Serves, address)
			}
			slices.Sort(one.Serves)
		}
		dump.Listeners = append(dump.Listeners, one)
	}
	view := e.view.Load()
	for name, source := range e.state.secrets { // never the key
		one := secretDump{Name: name, Version: source.version, Since: milliseconds(source.since)}
		if known := view.certificates[name]; known != nil {
			one.Serial = known.serial
		}
		dump.Secrets = append(dump.Secrets, one)
	}
	slices.SortFunc(dump.Secrets, func(a, b secretDump) int { return strings.Compare(a.Name, b.Name) })
	return dump
}

func dumpTable[T proto.Message](t table[T]) []resourceDump {
	list := []resourceDump{}
	for name, source := range t {
		one := resourceDump{Name: name, Resource: json.RawMessage("null")}
		if source != nil {
			one.Version, one.Since, one.Resource = source.version, milliseconds(source.since), toJSON(source.message)
		}
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b resourceDump) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func toJSON(message proto.Message) json.RawMessage {
	text, err := protojson.MarshalOptions{Resolver: lenient{protoregistry.GlobalTypes}}.Marshal(message)
	if err != nil {
		text, _ = json.Marshal(map[string]string{"error": err.Error()})
	}
	return text
}

// lenient stands in an empty message for each kind that is unknown here.
type lenient struct{ *protoregistry.Types }

func (l lenient) FindMessageByURL(url string) (protoreflect.MessageType, error) {
	if found, err := l.Types.FindMessageByURL(url); err == nil {
		return found, nil
	}
	return (&emptypb.Empty{}).ProtoReflect().Type(), nil
}
