package main

import (
	"testing"

	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/encoding/protojson"
)

// The shapes are those that Cilium's operator writes.
const sentTable = `{
  "name": "t",
  "virtualHosts": [
    {"name": "exact", "domains": ["shop.example.com", "shop.example.com:*"], "routes": [
      {"match": {"path": "/cart"}, "route": {"cluster": "cart"}},
      {"match": {"safeRegex": {"regex": "/v[0-9]+/.*"}}, "route": {"cluster": "versions"}},
      {"match": {"pathSeparatedPrefix": "/api", "headers": [{"name": "x-canary", "stringMatch": {"exact": "yes"}}]}, "route": {"cluster": "canary"}},
      {"match": {"pathSeparatedPrefix": "/api", "queryParameters": [{"name": "debug", "stringMatch": {"exact": "1"}}]}, "route": {"cluster": "debug"}},
      {"match": {"pathSeparatedPrefix": "/api", "headers": [{"name": ":method", "stringMatch": {"exact": "POST"}}]}, "route": {"cluster": "writes"}},
      {"match": {"pathSeparatedPrefix": "/api"}, "route": {"cluster": "api"}}
    ]},
    {"name": "wild", "domains": ["*.example.com", "*.example.com:*"], "routes": [
      {"match": {"prefix": "/", "headers": [{"name": ":authority", "stringMatch": {"safeRegex": {"regex": "^[^.]+[.]example[.]com$"}}}]}, "route": {"cluster": "wild"}}
    ]},
    {"name": "any", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "any"}}]}
  ]
}`

func TestARequestGoesToTheClusterOfTheFirstRouteThatMatchesInTheMostSpecificHost(t *testing.T) {
	config := &route.RouteConfiguration{}
	if err := protojson.Unmarshal([]byte(sentTable), config); err != nil {
		t.Fatal(err)
	}
	compiled, err := compileRoutes(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		host, path, method string
		headers            map[string]string
		query              map[string][]string
		want               string
	}{
		{host: "shop.example.com", path: "/cart", want: "cart"},
		{host: "SHOP.example.com:8080", path: "/cart", want: "cart"},
		{host: "shop.example.com", path: "/cart/1", want: ""},
		{host: "shop.example.com", path: "/v12/x", want: "versions"},
		{host: "shop.example.com", path: "/x/v12/x", want: ""},
		{host: "shop.example.com", path: "/api", want: "api"},
		{host: "shop.example.com", path: "/api/orders", want: "api"},
		{host: "shop.example.com", path: "/apix", want: ""},
		{host: "shop.example.com", path: "/api", headers: map[string]string{"x-canary": "yes"}, want: "canary"},
		{host: "shop.example.com", path: "/api", headers: map[string]string{"x-canary": "no"}, want: "api"},
		{host: "shop.example.com", path: "/api", query: map[string][]string{"debug": {"1"}}, want: "debug"},
		{host: "shop.example.com", path: "/api", method: "POST", want: "writes"},
		{host: "blog.example.com", path: "/", want: "wild"},
		{host: "a.blog.example.com", path: "/", want: ""},
		{host: "example.com", path: "/", want: "any"},
		{host: "10.77.0.11:30080", path: "/", want: "any"},
	} {
		r := &request{host: c.host, path: c.path, method: c.method, query: c.query, header: func(name string) (string, bool) {
			value, present := c.headers[name]
			return value, present
		}}
		got := ""
		if _, entry := compiled.find(r); entry != nil {
			got, _ = entry.clusters.pick()
		}
		if got != c.want {
			t.Errorf("%s %s%s %v %v: cluster %q, want %q", c.method, c.host, c.path, c.headers, c.query, got, c.want)
		}
	}
}

func TestWeightedClustersGetTheirExactShares(t *testing.T) {
	clusters := newWeightedClusters()
	clusters.add("stable", 9)
	clusters.add("canary", 1)
	clusters.add("off", 0)
	counts := map[string]int{}
	for range 1000 {
		name, ok := clusters.pick()
		if !ok {
			t.Fatal("no cluster was picked")
		}
		counts[name]++
	}
	if counts["stable"] != 900 || counts["canary"] != 100 || counts["off"] != 0 {
		t.Errorf("shares are %v", counts)
	}
	if _, ok := newWeightedClusters().pick(); ok {
		t.Error("a cluster was picked of none")
	}
}

func TestAPatternThatIsNoRegularExpressionIsRejected(t *testing.T) {
	config := &route.RouteConfiguration{}
	text := `{"virtualHosts": [{"name": "a", "domains": ["*"], "routes": [{"match": {"safeRegex": {"regex": "("}}}]}]}`
	if err := protojson.Unmarshal([]byte(text), config); err != nil {
		t.Fatal(err)
	}
	if _, err := compileRoutes(config); err == nil {
		t.Error("it was accepted")
	}
}
