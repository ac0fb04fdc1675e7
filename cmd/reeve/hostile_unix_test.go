//go:build unix

package main

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// child runs the program as a process of its own, and tells how long it took and the most memory that it had at one time.
func child(t *testing.T, args []string) (took time.Duration, peak int64) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "reeve", args...)
	cmd.Env = append(os.Environ(), "GOMEMLIMIT=off")
	var told strings.Builder
	cmd.Stderr = &told
	began := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%q: %v: %s", args, err, told.String())
	}
	took = time.Since(began)
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Fatal("the system does not tell how much memory was used")
	}
	peak = usage.Maxrss
	if runtime.GOOS != "darwin" {
		peak <<= 10
	}
	return took, peak
}
