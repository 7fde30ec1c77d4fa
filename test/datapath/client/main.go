// A client outside the cluster that counts. Every attempt is a TCP connection of its own, made as precisely in time as
// Go can; each is answered, or it is not, and then it is said why. The load is bounded and ends by itself.
//
// usage: client '<JSON: see spec>'   The result goes to standard output as one line of JSON per attempt (connect) or one
// line when it has begun and one at the end (probe, which ends early when its standard input is closed).
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log"
	"os"
	"time"
)

// spec says what to do. Times are milliseconds.
type spec struct {
	Mode    string   `json:"mode"` // connect | probe
	Targets []target `json:"targets"`
	// How long one attempt may take in all.
	TimeoutMs int `json:"timeoutMs"`
	// connect: attempts in all, spread evenly over the targets, and how many at a time.
	Count       int `json:"count"`
	Concurrency int `json:"concurrency"`
	// probe: one attempt at each target so often, for so long at most.
	EveryMs float64 `json:"everyMs"`
	ForMs   int     `json:"forMs"`
}

// The bounds of the load.
const (
	maxAttempts = 1_000_000
	maxParallel = 4_000
	maxDuration = 15 * time.Minute
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: client '<specification as JSON>'")
	}
	wanted := spec{TimeoutMs: 2000, Concurrency: 20, EveryMs: 10, ForMs: 60_000}
	if err := json.Unmarshal([]byte(os.Args[1]), &wanted); err != nil {
		log.Fatalf("the specification is no JSON: %v", err)
	}
	if len(wanted.Targets) == 0 {
		log.Fatal("the specification names no target")
	}
	output := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(output)
	switch wanted.Mode {
	case "connect":
		for result := range connectAll(context.Background(), wanted) {
			if err := encoder.Encode(result); err != nil {
				log.Fatal(err)
			}
		}
	case "probe":
		ctx, stop := context.WithCancel(context.Background())
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
		begun := func() {
			// Told on its own, so that nothing happens before the probe watches.
			if _, err := os.Stdout.WriteString("{\"begun\":true}\n"); err != nil {
				log.Fatal(err)
			}
		}
		if err := encoder.Encode(probeAll(ctx, wanted, begun)); err != nil {
			log.Fatal(err)
		}
	default:
		log.Fatalf("no such mode: %q", wanted.Mode)
	}
	if err := output.Flush(); err != nil {
		log.Fatal(err)
	}
}

func milliseconds(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }
