package main

import (
	"context"
	"sync"
	"time"
)

// connectAll makes `count` attempts, the targets in turn, and yields each as it ends.
func connectAll(ctx context.Context, wanted spec) <-chan *result {
	results := make(chan *result)
	turns := make(chan int)
	var workers sync.WaitGroup
	for range min(max(wanted.Concurrency, 1), maxParallel) {
		workers.Go(func() {
			for turn := range turns {
				results <- wanted.Targets[turn%len(wanted.Targets)].attempt(ctx, time.Duration(wanted.TimeoutMs)*time.Millisecond)
			}
		})
	}
	go func() {
		for turn := range min(wanted.Count, maxAttempts) {
			turns <- turn
		}
		close(turns)
		workers.Wait()
		close(results)
	}()
	return results
}
