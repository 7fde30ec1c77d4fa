package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"
)

// Envoy's default for listener filters.
const inspectTimeout = 15 * time.Second

const tlsHandshakeRecord = 0x16

var errSeen = errors.New("the hello was read")

// inspect reads the beginning of a connection, as Envoy's TLS inspector does: the client's hello, or nil when it doesn't
// speak TLS. It also returns the bytes that it took from the connection.
func inspect(connection net.Conn) (*tls.ClientHelloInfo, []byte, error) {
	if err := connection.SetReadDeadline(time.Now().Add(inspectTimeout)); err != nil {
		return nil, nil, err
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(connection, first); err != nil {
		return nil, nil, err
	}
	taken := bytes.NewBuffer(first)
	var hello *tls.ClientHelloInfo
	if first[0] == tlsHandshakeRecord {
		listen := listenOnly{Conn: connection, from: io.MultiReader(bytes.NewReader([]byte{first[0]}), io.TeeReader(connection, taken))}
		err := tls.Server(listen, &tls.Config{GetConfigForClient: func(info *tls.ClientHelloInfo) (*tls.Config, error) {
			hello = info
			return nil, errSeen
		}}).Handshake()
		if hello == nil {
			return nil, nil, err
		}
	}
	return hello, taken.Bytes(), connection.SetReadDeadline(time.Time{})
}

// listenOnly lets a TLS server read a hello without an answer going out.
type listenOnly struct {
	net.Conn
	from io.Reader
}

func (l listenOnly) Read(p []byte) (int, error)       { return l.from.Read(p) }
func (l listenOnly) Write(p []byte) (int, error)      { return len(p), nil }
func (l listenOnly) Close() error                     { return nil }
func (l listenOnly) SetDeadline(time.Time) error      { return nil }
func (l listenOnly) SetReadDeadline(time.Time) error  { return nil }
func (l listenOnly) SetWriteDeadline(time.Time) error { return nil }
