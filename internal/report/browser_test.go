package report

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestABrowserReadsTheHostilePageAsText lets a real parser judge: the page's own script runs under the page's policy, and what
// evidence says makes no element.
func TestABrowserReadsTheHostilePageAsText(t *testing.T) {
	browser, err := exec.LookPath("chromium")
	if err != nil || testing.Short() {
		t.Skip("needs chromium, and no -short")
	}
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, write(t, "html", full(), Options{}), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	profile, err := os.MkdirTemp("", "profile") // the browser may still write there after it has answered
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(profile)
	var says bytes.Buffer
	run := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir="+profile, "--dump-dom", "file://"+file)
	run.Stderr = &says
	dom, err := run.Output()
	if err != nil || len(dom) == 0 {
		t.Fatalf("the browser is here and shows no page (%v):\n%s", err, says.Bytes())
	}
	out := string(dom)
	for element, want := range map[string]int{"<script": 1, "<img": 0, "<article": 4, "<iframe": 0, `class="copy"`: 2, `role="button"`: 4, `<div class="tools">`: 1} {
		if got := strings.Count(out, element); got != want {
			t.Errorf("%s stands %d times, want %d", element, got, want)
		}
	}
}
