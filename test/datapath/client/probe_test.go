package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"
)

func TestAProbeReportsTheGapInWhichNothingListened(t *testing.T) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := socket.Addr().String()
	serve := func(on net.Listener) *http.Server {
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprintf(w, `{"client":%q,"routeVersion":%q,"cluster":"a"}`, r.RemoteAddr, time.Now())
		})}
		go func() { _ = server.Serve(on) }()
		return server
	}
	server := serve(socket)
	ctx, stop := context.WithCancel(context.Background())
	done, begun := make(chan *report), make(chan struct{})
	go func() {
		done <- probeAll(ctx, spec{Targets: []target{{Name: "it", Address: address, Path: "/"}}, EveryMs: 5, ForMs: 10_000, TimeoutMs: 1000}, func() { close(begun) })
	}()
	<-begun
	_ = server.Close()
	time.Sleep(300 * time.Millisecond)
	if socket, err = net.Listen("tcp", address); err != nil {
		t.Fatal(err)
	}
	server = serve(socket)
	time.Sleep(200 * time.Millisecond)
	stop()
	it := (<-done).Targets[0]
	_ = server.Close()

	if len(it.Gaps) != 1 || it.Gaps[0].Open || it.LongestGapMs < 250 || it.LongestGapMs > 1000 {
		t.Errorf("gaps: %d, the longest %.0f ms", len(it.Gaps), it.LongestGapMs)
	}
	if it.Outcomes["answered"]+it.Outcomes["refused"]+it.Outcomes["reset"] != it.Attempts || it.Outcomes["refused"] == 0 {
		t.Errorf("outcomes %v of %d", it.Outcomes, it.Attempts)
	}
	if len(it.Answers) != 1 || it.Answers[0].Count != it.Outcomes["answered"] {
		t.Errorf("answers that differ only in port and version count as %d kinds", len(it.Answers))
	}
}
