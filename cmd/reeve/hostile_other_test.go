//go:build !unix

package main

import (
	"os/exec"
	"testing"
	"time"
)

// child runs the program as a process of its own, and tells how long it took; the memory that it had is not known here.
func child(t *testing.T, args []string) (took time.Duration, peak int64) {
	t.Helper()
	began := time.Now()
	if out, err := exec.CommandContext(t.Context(), "reeve", args...).CombinedOutput(); err != nil {
		t.Fatalf("%q: %v: %s", args, err, out)
	}
	return time.Since(began), 0
}
