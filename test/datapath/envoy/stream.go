package main

import (
	"context"
	"io"
	"log"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
)

const reconnectDelay = 200 * time.Millisecond

// The agent reads the node's address from the second part of the id; it is how it tells the Envoys of a node apart.
var nodeID = &core.Node{Id: "host~127.0.0.1~no-id~localdomain", Cluster: "ingress-cluster"}

// kind is one xDS resource type and the RPC that serves it.
type kind struct {
	typeURL string
	method  string
}

var (
	listenerKind = kind{"type.googleapis.com/envoy.config.listener.v3.Listener", "/envoy.service.listener.v3.ListenerDiscoveryService/StreamListeners"}
	clusterKind  = kind{"type.googleapis.com/envoy.config.cluster.v3.Cluster", "/envoy.service.cluster.v3.ClusterDiscoveryService/StreamClusters"}
	routeKind    = kind{"type.googleapis.com/envoy.config.route.v3.RouteConfiguration", "/envoy.service.route.v3.RouteDiscoveryService/StreamRoutes"}
	endpointKind = kind{"type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment", "/envoy.service.endpoint.v3.EndpointDiscoveryService/StreamEndpoints"}
	secretKind   = kind{"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret", "/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets"}
	policyKind   = kind{"type.googleapis.com/cilium.NetworkPolicy", "/cilium.NetworkPolicyDiscoveryService/StreamNetworkPolicies"}
)

// subscription is one stream. Like Envoy without ADS, it asks for one name on a stream of its own, or for everything:
// the agent answers a request for further names on an open stream only when something changes.
type subscription struct {
	kind kind
	// Empty: all resources of the kind.
	name string
	// What it returns as an error is sent to the agent as the reason of a rejection.
	apply func(*discovery.DiscoveryResponse) error
	// Survives a reconnect: a restarted agent counts on from it.
	acknowledged string
}

// run keeps the subscription alive until the context ends.
func (s *subscription) run(ctx context.Context, connection *grpc.ClientConn) {
	for ctx.Err() == nil {
		if err := s.stream(ctx, connection); err != nil && ctx.Err() == nil && err != io.EOF {
			log.Printf("stream %s %q: %v", s.kind.typeURL, s.name, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(reconnectDelay):
		}
	}
}

func (s *subscription) stream(ctx context.Context, connection *grpc.ClientConn) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	description := &grpc.StreamDesc{StreamName: s.kind.method, ClientStreams: true, ServerStreams: true}
	stream, err := connection.NewStream(ctx, description, s.kind.method, grpc.WaitForReady(true))
	if err != nil {
		return err
	}
	request := s.request()
	for {
		if err := stream.SendMsg(request); err != nil {
			return err
		}
		response := &discovery.DiscoveryResponse{}
		if err := stream.RecvMsg(response); err != nil {
			return err
		}
		rejection := s.apply(response)
		if ctx.Err() != nil {
			return nil
		}
		if rejection == nil {
			s.acknowledged = response.GetVersionInfo()
		}
		request = s.request()
		request.ResponseNonce = response.GetNonce()
		if rejection != nil {
			log.Printf("rejected %s version %s: %v", s.kind.typeURL, response.GetVersionInfo(), rejection)
			request.ErrorDetail = &rpc.Status{Code: int32(codes.InvalidArgument), Message: rejection.Error()}
		}
	}
}

func (s *subscription) request() *discovery.DiscoveryRequest {
	request := &discovery.DiscoveryRequest{Node: nodeID, TypeUrl: s.kind.typeURL, VersionInfo: s.acknowledged}
	if s.name != "" {
		request.ResourceNames = []string{s.name}
	}
	return request
}
