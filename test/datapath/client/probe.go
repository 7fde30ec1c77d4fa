package main

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// report is what a probe saw, by target. Times are milliseconds since the epoch.
type report struct {
	From    float64         `json:"from"`
	To      float64         `json:"to"`
	Targets []*targetReport `json:"targets"`
}

type targetReport struct {
	Name     string         `json:"name"`
	Attempts int            `json:"attempts"`
	Outcomes map[string]int `json:"outcomes"`
	// Attempts that were due but not made, because too many were still under way.
	Skipped int    `json:"skipped"`
	Gaps    []*gap `json:"gaps"`
	// Length of the longest gap, 0 when there was none.
	LongestGapMs float64       `json:"longestGapMs"`
	Answers      []*answerKind `json:"answers"`
}

// gap is a time in which not every attempt was answered, from the start of the first that failed to the start of the
// next one that did not.
type gap struct {
	From     float64        `json:"from"`
	To       float64        `json:"to"`
	Ms       float64        `json:"ms"`
	Outcomes map[string]int `json:"outcomes"`
	Error    string         `json:"error"`
	// No attempt was answered after it.
	Open bool `json:"open"`
}

// answerKind is all answers of a target that say the same, but for times and the client's port.
type answerKind struct {
	Status int             `json:"status"`
	Serial string          `json:"serial"`
	Body   json.RawMessage `json:"body"`
	Count  int             `json:"count"`
	// When the first of them was asked for, and when the last was answered.
	First float64 `json:"first"`
	Last  float64 `json:"last"`
}

// attempts collects what became of the attempts at one target.
type attempts struct {
	mu      sync.Mutex
	times   []timedOutcome
	kinds   map[string]*answerKind
	pending int
	skipped int
}

type timedOutcome struct {
	from    float64
	outcome string
	err     string
}

// probeAll tries every target at a steady pace until the time is up or the context ends. It calls `begun` when each
// target was tried once.
func probeAll(ctx context.Context, wanted spec, begun func()) *report {
	ctx, stop := context.WithTimeout(ctx, min(time.Duration(wanted.ForMs)*time.Millisecond, maxDuration))
	defer stop()
	seen := make([]*attempts, len(wanted.Targets))
	for i := range seen {
		seen[i] = &attempts{kinds: map[string]*answerKind{}}
	}
	whole := &report{From: now()}
	var running, first sync.WaitGroup
	first.Add(len(wanted.Targets))
	go func() {
		first.Wait()
		begun()
	}()
	ticker := time.NewTicker(milliseconds(max(wanted.EveryMs, 0.5)))
	defer ticker.Stop()
	for made := 0; made < maxAttempts; made += len(wanted.Targets) {
		select {
		case <-ctx.Done():
			made = maxAttempts
			continue
		case <-ticker.C:
		}
		for i, t := range wanted.Targets {
			if !seen[i].begin() {
				continue
			}
			running.Go(func() {
				// Those under way at the end may finish: the context of the probe is not theirs.
				if seen[i].end(t.attempt(context.WithoutCancel(ctx), time.Duration(wanted.TimeoutMs)*time.Millisecond)) {
					first.Done()
				}
			})
		}
	}
	running.Wait()
	whole.To = now()
	for i, t := range wanted.Targets {
		whole.Targets = append(whole.Targets, seen[i].report(t.Name))
	}
	return whole
}

func (a *attempts) begin() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.pending >= maxParallel {
		a.skipped++
		return false
	}
	a.pending++
	return true
}

// end notes what became of an attempt, and returns whether it was the first.
func (a *attempts) end(r *result) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pending--
	a.times = append(a.times, timedOutcome{r.From, r.Outcome, r.Error})
	if r.Outcome == "answered" {
		a.answered(r)
	}
	return len(a.times) == 1
}

func (a *attempts) answered(r *result) {
	key := answerKey(r)
	kind := a.kinds[key]
	if kind == nil {
		kind = &answerKind{Status: r.Status, Serial: r.Serial, Body: r.Body, First: r.From}
		a.kinds[key] = kind
	}
	kind.Count++
	kind.First = min(kind.First, r.From)
	kind.Last = max(kind.Last, r.To)
}

func (a *attempts) report(name string) *targetReport {
	slices.SortFunc(a.times, func(x, y timedOutcome) int {
		switch {
		case x.from < y.from:
			return -1
		case x.from > y.from:
			return 1
		}
		return 0
	})
	r := &targetReport{Name: name, Attempts: len(a.times), Skipped: a.skipped, Outcomes: map[string]int{}, Gaps: []*gap{}, Answers: []*answerKind{}}
	var current *gap
	for _, attempt := range a.times {
		r.Outcomes[attempt.outcome]++
		if current != nil {
			current.To = attempt.from
			current.Ms = current.To - current.From
		}
		if attempt.outcome == "answered" {
			if current != nil {
				current.Open = false
				current = nil
			}
			continue
		}
		if current == nil {
			current = &gap{From: attempt.from, To: attempt.from, Outcomes: map[string]int{}, Error: attempt.err, Open: true}
			r.Gaps = append(r.Gaps, current)
		}
		current.Outcomes[attempt.outcome]++
	}
	for _, g := range r.Gaps {
		r.LongestGapMs = max(r.LongestGapMs, g.Ms)
	}
	for _, kind := range a.kinds {
		r.Answers = append(r.Answers, kind)
	}
	slices.SortFunc(r.Answers, func(x, y *answerKind) int {
		if x.First < y.First {
			return -1
		}
		return 1
	})
	return r
}
