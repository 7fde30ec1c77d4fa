package main

import (
	"crypto/tls"
	"net"
	"testing"
)

func TestAConnectionGetsTheMostSpecificFilterChain(t *testing.T) {
	plain := &filterChain{title: "plain", transport: "raw_buffer"}
	any := &filterChain{title: "any", transport: "tls"}
	shop := &filterChain{title: "shop", transport: "tls", serverNames: []string{"shop.example.com"}}
	wild := &filterChain{title: "wild", transport: "tls", serverNames: []string{"*.example.com"}}
	deep := &filterChain{title: "deep", transport: "tls", serverNames: []string{"*.b.example.com"}}
	all := []*filterChain{plain, any, wild, deep, shop}
	for _, c := range []struct {
		name   string
		chains []*filterChain
		hello  *tls.ClientHelloInfo
		want   *filterChain
	}{
		{"no TLS", all, nil, plain},
		{"the exact name", all, &tls.ClientHelloInfo{ServerName: "Shop.example.com"}, shop},
		{"a wildcard", all, &tls.ClientHelloInfo{ServerName: "blog.example.com"}, wild},
		{"the longer wildcard", all, &tls.ClientHelloInfo{ServerName: "a.b.example.com"}, deep},
		{"another name", all, &tls.ClientHelloInfo{ServerName: "example.org"}, any},
		{"no name", all, &tls.ClientHelloInfo{}, any},
		{"nothing fits", []*filterChain{plain, shop}, &tls.ClientHelloInfo{ServerName: "example.org"}, nil},
	} {
		config := &listenerConfig{chains: c.chains}
		if got := config.choose(c.hello, 80); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestTheBeginningOfAConnectionIsReadAndKept(t *testing.T) {
	client, server := net.Pipe()
	go func() {
		_ = tls.Client(client, &tls.Config{ServerName: "shop.example.com", InsecureSkipVerify: true}).Handshake()
	}()
	hello, taken, err := inspect(server)
	if err != nil || hello == nil || hello.ServerName != "shop.example.com" {
		t.Fatalf("hello %v, error %v", hello, err)
	}
	if len(taken) < 100 || taken[0] != tlsHandshakeRecord {
		t.Errorf("%d bytes were kept, the first is %x", len(taken), taken[0])
	}
	_ = client.Close()

	client, server = net.Pipe()
	go func() { _, _ = client.Write([]byte("GET")) }()
	if hello, taken, err = inspect(server); err != nil || hello != nil || string(taken) != "G" {
		t.Errorf("hello %v, taken %q, error %v", hello, taken, err)
	}
}
