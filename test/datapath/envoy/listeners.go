package main

import (
	"context"
	"log"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// The agent's default for proxy-initial-fetch-timeout: a listener serves then, even if something was never answered.
	warmTimeout = 30 * time.Second
	reopenDelay = 500 * time.Millisecond
)

// listenerManager keeps the sockets that the listeners want. It is called with the envoy's lock held.
type listenerManager struct {
	envoy *envoy
	http  *httpFront
	open  map[string]*openListener
}

// openListener serves by its active configuration while the next one waits for what it refers to, as in Envoy.
type openListener struct {
	name    string
	manager *listenerManager
	active  atomic.Pointer[listenerConfig]

	waiting      *listenerConfig
	waitingSince time.Time
	sockets      map[string]net.Listener
	problem      string
}

func newListenerManager(e *envoy) *listenerManager {
	return &listenerManager{envoy: e, http: newHTTPFront(e), open: map[string]*openListener{}}
}

// apply brings the sockets in line with the state. It returns when to call again, 0 for not before the next change.
func (m *listenerManager) apply(s *state, now time.Time) time.Duration {
	var again time.Duration
	for name, l := range m.open {
		if s.configs[name] == nil {
			log.Printf("listener %s is gone", name)
			l.close()
			delete(m.open, name)
		}
	}
	for name, config := range s.configs {
		l := m.open[name]
		if l == nil {
			l = &openListener{name: name, manager: m, sockets: map[string]net.Listener{}}
			m.open[name] = l
		}
		if wait := l.apply(config, s, now); wait > 0 && (again == 0 || wait < again) {
			again = wait
		}
	}
	return again
}

func (l *openListener) apply(config *listenerConfig, s *state, now time.Time) time.Duration {
	if config != l.active.Load() {
		if config != l.waiting {
			l.waiting, l.waitingSince = config, now
		}
		if left := l.waitingSince.Add(warmTimeout).Sub(now); left > 0 && !config.warm(s) {
			return left
		}
		l.active.Store(config)
		l.waiting = nil
	}
	return l.openSockets(config.addresses)
}

// warm: everything that it refers to was answered, if only with "there is none".
func (config *listenerConfig) warm(s *state) bool {
	for _, name := range config.routes {
		if _, answered := s.routes[name]; !answered {
			return false
		}
	}
	for _, name := range config.secrets {
		if _, answered := s.secrets[name]; !answered {
			return false
		}
	}
	return true
}

func (l *openListener) openSockets(addresses []string) time.Duration {
	for address, socket := range l.sockets {
		if !slices.Contains(addresses, address) {
			_ = socket.Close()
			delete(l.sockets, address)
		}
	}
	l.problem = ""
	for _, address := range addresses {
		if l.sockets[address] != nil {
			continue
		}
		socket, err := transparent.Listen(context.Background(), "tcp", address)
		if err != nil {
			l.problem = err.Error()
			log.Printf("listener %s: %v", l.name, err)
			continue
		}
		log.Printf("listener %s serves on %s", l.name, address)
		l.sockets[address] = socket
		go l.accept(socket)
	}
	if l.problem != "" {
		return reopenDelay
	}
	return 0
}

// The datapath hands over packets for foreign addresses (TPROXY), hence IP_TRANSPARENT.
var transparent = net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
	if e := c.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_IP, syscall.IP_TRANSPARENT, 1) }); e != nil {
		return e
	}
	return err
}}

func (l *openListener) accept(socket net.Listener) {
	for {
		connection, err := socket.Accept()
		if err != nil {
			if opError, ok := err.(*net.OpError); ok && opError.Temporary() {
				time.Sleep(time.Millisecond)
				continue
			}
			return
		}
		go l.serve(connection)
	}
}

func (l *openListener) serve(connection net.Conn) {
	config := l.active.Load()
	if config == nil {
		_ = connection.Close()
		return
	}
	hello, taken, err := inspect(connection)
	if err != nil {
		_ = connection.Close()
		return
	}
	_, port := splitAddress(connection.LocalAddr())
	chain := config.choose(hello, port)
	if chain == nil {
		_ = connection.Close()
		return
	}
	serverName := ""
	if hello != nil {
		serverName = hello.ServerName
	}
	l.manager.http.take(&clientConnection{Conn: connection, taken: taken, listener: l, config: config, chain: chain, serverName: serverName}, hello != nil)
}

func (l *openListener) close() {
	for _, socket := range l.sockets {
		_ = socket.Close()
	}
	l.active.Store(nil)
}

func (m *listenerManager) closeAll() {
	m.envoy.mu.Lock()
	defer m.envoy.mu.Unlock()
	for _, l := range m.open {
		l.close()
	}
}

// clientConnection is an accepted connection with what was found out about it.
type clientConnection struct {
	net.Conn
	// Already read from the connection, to be read again.
	taken      []byte
	listener   *openListener
	config     *listenerConfig
	chain      *filterChain
	serverName string

	mu     sync.Mutex
	serial string
}

func (c *clientConnection) Read(p []byte) (int, error) {
	if len(c.taken) > 0 {
		n := copy(p, c.taken)
		c.taken = c.taken[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

func (c *clientConnection) presented(serial string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.serial = serial
}

func (c *clientConnection) certificate() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.serial
}

func splitAddress(address net.Addr) (string, uint32) {
	if tcp, ok := address.(*net.TCPAddr); ok {
		return tcp.IP.String(), uint32(tcp.Port)
	}
	return address.String(), 0
}
