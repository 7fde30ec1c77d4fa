package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"log"
	"math/big"
	"net"
	"net/http"
	"time"
)

type connectionKey struct{}

// httpFront speaks TLS and HTTP on the connections that listeners accepted.
type httpFront struct {
	envoy       *envoy
	connections chan net.Conn
	// Presented where a backend of a TLS route would answer, and where a secret is missing.
	own tls.Certificate
}

func newHTTPFront(e *envoy) *httpFront {
	front := &httpFront{envoy: e, connections: make(chan net.Conn), own: selfSigned()}
	server := &http.Server{
		Handler:           http.HandlerFunc(e.answer),
		ReadHeaderTimeout: time.Minute,
		ConnContext: func(ctx context.Context, connection net.Conn) context.Context {
			if encrypted, ok := connection.(*tls.Conn); ok {
				connection = encrypted.NetConn()
			}
			return context.WithValue(ctx, connectionKey{}, connection)
		},
		ErrorLog: log.New(logFilter{}, "", 0),
	}
	go func() { log.Fatal(server.Serve(front)) }()
	return front
}

// take serves a connection. One that matched a chain without TLS of its own, but speaks TLS, is meant for a backend:
// the front answers in the backend's place.
func (f *httpFront) take(connection *clientConnection, speaksTLS bool) {
	if !speaksTLS {
		f.connections <- connection
		return
	}
	f.connections <- tls.Server(connection, &tls.Config{
		MinVersion:             tls.VersionTLS12,
		NextProtos:             connection.chain.alpn,
		SessionTicketsDisabled: true, // every handshake shows the certificate of its time
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			for _, name := range connection.chain.secrets {
				if known := f.envoy.view.Load().certificates[name]; known != nil {
					connection.presented(known.serial)
					return &known.tls, nil
				}
			}
			return &f.own, nil
		},
	})
}

func (f *httpFront) Accept() (net.Conn, error) { return <-f.connections, nil }
func (f *httpFront) Close() error              { return nil }
func (f *httpFront) Addr() net.Addr            { return &net.TCPAddr{} }

// logFilter drops what HTTP servers say of clients that hang up.
type logFilter struct{}

func (logFilter) Write(p []byte) (int, error) { return len(p), nil }

func selfSigned() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "stand-in for a backend"},
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		log.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
