package main

import (
	"encoding/json"
	"fmt"
	"net"
)

// What differs between answers that mean the same.
var volatile = []string{"routeVersion", "routeSince"}

// answerKey is equal for answers that say the same of the way that a request went.
func answerKey(r *result) string {
	fields := map[string]any{}
	if err := json.Unmarshal(r.Body, &fields); err != nil {
		return fmt.Sprint(r.Status, r.Serial, string(r.Body))
	}
	for _, name := range volatile {
		delete(fields, name)
	}
	if client, ok := fields["client"].(string); ok {
		if address, _, err := net.SplitHostPort(client); err == nil {
			fields["client"] = address
		}
	}
	key, err := json.Marshal(fields) // sorted by name
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(r.Status, r.Serial, string(key))
}
