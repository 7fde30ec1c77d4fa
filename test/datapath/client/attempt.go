package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

// target is where to connect to and what to ask for.
type target struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	// The client's own address to connect from. Empty: the kernel's choice.
	From string `json:"from"`
	// Host header; with TLS also the server name. Default: the address.
	Host string `json:"host"`
	Path string `json:"path"`
	TLS  bool   `json:"tls"`
}

// result is one attempt. Times are milliseconds since the epoch.
type result struct {
	Target string `json:"target"`
	// answered, refused, reset, timeout, unreachable or failed
	Outcome string  `json:"outcome"`
	Error   string  `json:"error"`
	From    float64 `json:"from"`
	To      float64 `json:"to"`
	Status  int     `json:"status"`
	// The answer, when it is JSON.
	Body json.RawMessage `json:"body"`
	// Hexadecimal, of the certificate that the server presented.
	Serial string `json:"serial"`
}

// attempt makes one connection, asks once, and closes it.
func (t target) attempt(ctx context.Context, timeout time.Duration) *result {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r := &result{Target: t.Name, From: now(), Body: json.RawMessage("null")}
	err := t.ask(ctx, r)
	r.To = now()
	r.Outcome = outcome(err)
	if err != nil {
		r.Error = err.Error()
	}
	return r
}

func (t target) ask(ctx context.Context, r *result) error {
	host := t.Host
	if host == "" {
		host = t.Address
	}
	dialer := &net.Dialer{}
	if t.From != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(t.From)}
	}
	connection, err := dialer.DialContext(ctx, "tcp", t.Address)
	if err != nil {
		return err
	}
	defer connection.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := connection.SetDeadline(deadline); err != nil {
			return err
		}
	}
	if t.TLS {
		encrypted := tls.Client(connection, &tls.Config{ServerName: host, InsecureSkipVerify: true})
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return err
		}
		r.Serial = encrypted.ConnectionState().PeerCertificates[0].SerialNumber.Text(16)
		connection = encrypted
	}
	// The server closes first, so that no port of the client stays blocked for a minute.
	if _, err := fmt.Fprintf(connection, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", t.Path, host); err != nil {
		return err
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	r.Status = response.StatusCode
	if json.Valid(body) {
		r.Body = body
	}
	return nil
}

func outcome(err error) string {
	var timeout net.Error
	switch {
	case err == nil:
		return "answered"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "reset"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "unreachable"
	}
	return "failed"
}

func now() float64 { return float64(time.Now().UnixMicro()) / 1000 }
