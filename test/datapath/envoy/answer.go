package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"

	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// answer says what became of a request: by which listener and route it came, where it would have gone.
type answer struct {
	Node        string `json:"node"`
	Listener    string `json:"listener"`
	FilterChain string `json:"filterChain"`
	ServerName  string `json:"serverName"`
	// Serial of the agent's certificate that the client saw; empty without TLS and for TLS routes.
	Certificate string   `json:"certificate"`
	RouteConfig string   `json:"routeConfig"`
	VirtualHost string   `json:"virtualHost"`
	Route       string   `json:"route"`
	Cluster     string   `json:"cluster"`
	Endpoints   []string `json:"endpoints"`
	Client      string   `json:"client"`
	Destination string   `json:"destination"`
	Host        string   `json:"host"`
	Path        string   `json:"path"`
	// The xDS response that brought the route table in this form, and when it came (milliseconds since the epoch).
	RouteVersion string `json:"routeVersion"`
	RouteSince   int64  `json:"routeSince"`
	// Why there is no 200.
	Detail string `json:"detail"`
}

func (e *envoy) answer(w http.ResponseWriter, r *http.Request) {
	connection, ok := r.Context().Value(connectionKey{}).(*clientConnection)
	if !ok {
		http.Error(w, "not a connection of a listener", http.StatusInternalServerError)
		return
	}
	a := &answer{
		Node:        e.node,
		Listener:    connection.listener.name,
		FilterChain: connection.chain.title,
		ServerName:  connection.serverName,
		Certificate: connection.certificate(),
		Endpoints:   []string{},
		Client:      connection.RemoteAddr().String(),
		Destination: connection.LocalAddr().String(),
		Host:        r.Host,
		Path:        r.URL.Path,
	}
	if connection.listener.active.Load() != connection.config {
		w.Header().Set("Connection", "close") // the listener was changed or removed: the connection is drained
	}
	status := a.decide(e.view.Load(), connection, r, w.Header())
	body, err := json.Marshal(a)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// decide fills in the way of the request and returns the status of the answer.
func (a *answer) decide(v *view, connection *clientConnection, r *http.Request, header http.Header) int {
	chain := connection.chain
	if chain.clusters != nil {
		a.Route = "tcp " + chain.title
		return a.forward(v, chain.clusters)
	}
	table := chain.inline
	if chain.routeConfig != "" {
		a.RouteConfig = chain.routeConfig
		known := v.routes[chain.routeConfig]
		if known == nil {
			a.Detail = "the agent sent no such route table"
			return http.StatusNotFound
		}
		table = known.table
		a.RouteVersion, a.RouteSince = known.source.version, milliseconds(known.source.since)
	}
	if table == nil {
		a.Detail = "the filter chain has no filter that is known here"
		return http.StatusNotImplemented
	}
	request := newRequest(r)
	host, entry := table.find(request)
	if host == nil {
		a.Detail = "no virtual host matches"
		return http.StatusNotFound
	}
	a.VirtualHost = host.name
	if entry == nil {
		a.Detail = "no route matches"
		return http.StatusNotFound
	}
	a.Route = entry.title
	switch {
	case entry.redirect != nil:
		location, status := redirect(entry.redirect, request)
		header.Set("Location", location)
		return status
	case entry.direct != nil:
		a.Detail = "direct response: " + string(data(entry.direct.GetBody()))
		return int(entry.direct.GetStatus())
	case entry.clusters != nil:
		return a.forward(v, entry.clusters)
	}
	a.Detail = "an action that is unknown here"
	return http.StatusNotImplemented
}

func (a *answer) forward(v *view, clusters *weightedClusters) int {
	name, ok := clusters.pick()
	a.Cluster = name
	known := v.clusters[name]
	switch {
	case !ok:
		a.Detail = "no cluster has any weight"
	case known == nil:
		a.Detail = "the agent sent no such cluster"
	case !known.known:
		a.Detail = "the agent said nothing of the cluster's endpoints"
	case len(known.endpoints) == 0:
		a.Detail = "the cluster has no endpoint"
	default:
		a.Endpoints = known.endpoints
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

func newRequest(r *http.Request) *request {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return &request{
		host:   r.Host,
		path:   r.URL.EscapedPath(),
		method: r.Method,
		scheme: scheme,
		query:  r.URL.Query(),
		header: func(name string) (string, bool) {
			values, present := r.Header[http.CanonicalHeaderKey(name)]
			return strings.Join(values, ","), present
		},
	}
}

// redirect is the location that a redirect leads to, without the rarer rewrites, and its status.
func redirect(action *route.RedirectAction, r *request) (string, int) {
	scheme, host, path := r.scheme, r.host, r.path
	if action.GetHttpsRedirect() {
		scheme = "https"
	} else if action.GetSchemeRedirect() != "" {
		scheme = action.GetSchemeRedirect()
	}
	if name, _, err := net.SplitHostPort(host); err == nil && scheme != r.scheme {
		host = name
	}
	if action.GetHostRedirect() != "" {
		host = action.GetHostRedirect()
	}
	if port := action.GetPortRedirect(); port != 0 {
		host = fmt.Sprintf("%s:%d", host, port)
	}
	if action.GetPathRedirect() != "" {
		path = action.GetPathRedirect()
	}
	statuses := map[route.RedirectAction_RedirectResponseCode]int{
		route.RedirectAction_FOUND:              http.StatusFound,
		route.RedirectAction_SEE_OTHER:          http.StatusSeeOther,
		route.RedirectAction_TEMPORARY_REDIRECT: http.StatusTemporaryRedirect,
		route.RedirectAction_PERMANENT_REDIRECT: http.StatusPermanentRedirect,
	}
	if status, ok := statuses[action.GetResponseCode()]; ok {
		return scheme + "://" + host + path, status
	}
	return scheme + "://" + host + path, http.StatusMovedPermanently
}
