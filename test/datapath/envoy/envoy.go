package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// An agent sends the clusters of a thousand Services in one message.
const maxMessageBytes = 256 << 20

// envoy is the whole stand-in: what it was sent, what that means for requests, and the sockets that it opened.
type envoy struct {
	node string
	// What requests read; replaced as a whole.
	view      atomic.Pointer[view]
	listeners *listenerManager

	// Guards everything below: all streams write through it, one response at a time.
	mu    sync.Mutex
	state state
	// Opens the stream of one resource; the returned function ends it.
	follow func(kind, string) context.CancelFunc
	// The streams of single resources that are open.
	following map[kind]map[string]context.CancelFunc
}

func newEnvoy(node string) *envoy {
	e := &envoy{node: node, state: newState(), following: map[kind]map[string]context.CancelFunc{}}
	e.view.Store(&view{})
	e.listeners = newListenerManager(e)
	return e
}

// subscribe opens the streams that every Envoy has. Those for routes, endpoints and secrets follow from what comes in.
func (e *envoy) subscribe(ctx context.Context, socket string) error {
	connection, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessageBytes)))
	if err != nil {
		return err
	}
	open := func(kind kind, name string) context.CancelFunc {
		ctx, cancel := context.WithCancel(ctx)
		one := &subscription{kind: kind, name: name, apply: func(response *discovery.DiscoveryResponse) error {
			return e.accept(ctx, kind, name, response)
		}}
		go one.run(ctx, connection)
		return cancel
	}
	e.mu.Lock()
	e.follow = open
	e.mu.Unlock()
	for _, kind := range []kind{clusterKind, listenerKind, policyKind} {
		open(kind, "")
	}
	return nil
}

// accept takes one response. The error is the reason for which it is rejected as a whole.
func (e *envoy) accept(ctx context.Context, kind kind, name string, response *discovery.DiscoveryResponse) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := e.store(kind, name, response); err != nil {
		return err
	}
	e.changed()
	return nil
}

func (e *envoy) store(kind kind, name string, response *discovery.DiscoveryResponse) error {
	switch kind {
	case listenerKind:
		fresh, err := e.state.listeners.with(response)
		if err != nil {
			return err
		}
		configs, err := compileListeners(fresh, e.state.configs)
		if err != nil {
			return err
		}
		e.state.listeners, e.state.configs = fresh, configs
	case clusterKind:
		fresh, err := e.state.clusters.with(response)
		if err != nil {
			return err
		}
		e.state.clusters = fresh
	case routeKind:
		if err := checkRoutes(response); err != nil {
			return err
		}
		return e.state.routes.put(name, response)
	case endpointKind:
		return e.state.endpoints.put(name, response)
	case secretKind:
		if len(response.GetResources()) == 0 { // Envoy takes an empty answer for routes and endpoints, but not here
			return fmt.Errorf("missing SDS resource %s", name)
		}
		return e.state.secrets.put(name, response)
	}
	return nil // network policies: acknowledged, not applied
}

// changed draws the consequences of a new state: streams for what is newly referred to, the view that requests read,
// then the sockets. Called with the lock held.
func (e *envoy) changed() {
	for kind, wanted := range e.state.references() {
		open := e.following[kind]
		if open == nil {
			open = map[string]context.CancelFunc{}
			e.following[kind] = open
		}
		for name := range wanted {
			if open[name] == nil {
				open[name] = e.follow(kind, name)
			}
		}
		for name, end := range open {
			if !wanted[name] {
				end()
				delete(open, name)
				e.state.forget(kind, name)
			}
		}
	}
	e.view.Store(newView(e.view.Load(), &e.state))
	if again := e.listeners.apply(&e.state, time.Now()); again > 0 {
		time.AfterFunc(again, func() {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.changed()
		})
	}
}
