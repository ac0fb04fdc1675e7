package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience is what any of these inputs may take on a slow and busy machine. An honest one of their size takes a second or two.
const patience = 60 * time.Second

func TestAnInterruptionLeavesNothingBehind(t *testing.T) {
	body := gzOf(t, bytes.Repeat(hostileLines(t), 20)) // some 10 MB, which are spooled
	s := newScene(t, map[string][]byte{"a.gz": body, "b.zip": zipOf(t, "a", "b"), "c.jsonl": []byte(witness)})
	out := t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	for _, command := range []string{"investigate", "hunt", "dump"} {
		whole := time.Now()
		if status, _, told := s.run(t.Context(), command+" -q --memory 128MiB"); status != statusDone {
			t.Fatalf("%s: status %d: %s", command, status, told)
		}
		took := time.Since(whole)
		for i := range 6 {
			after := time.Duration(r.Int64N(int64(took)/2 + 1))
			if i == 0 {
				after = 0
			}
			ctx, cancel := context.WithTimeoutCause(t.Context(), after, context.Canceled)
			stopped, stop := context.WithCancel(t.Context())
			context.AfterFunc(ctx, stop)
			args := []string{"-o", filepath.Join(out, "out")}
			if command == "investigate" {
				args = append(args, "--report", filepath.Join(out, "report"))
			}
			began := time.Now()
			status, _, told := s.run(stopped, command+" -q --memory 128MiB", args...)
			late := time.Since(began) - after
			cancel()
			stop()
			if status == statusDone {
				continue // it was faster this time
			}
			if status != statusError || told != "reeve: interrupted\n" {
				t.Errorf("%s: status %d: %q", command, status, told)
			}
			if late > took+5*time.Second {
				t.Errorf("%s went on for %v", command, late)
			}
			left, err := filepath.Glob(filepath.Join(out, "*"))
			if err != nil || len(left) != 0 {
				t.Errorf("%s left %v (%v)", command, left, err)
			}
			hidden, err := filepath.Glob(filepath.Join(out, ".*"))
			if err != nil || len(hidden) != 0 {
				t.Errorf("%s left %v (%v)", command, hidden, err)
			}
			for _, name := range []string{"out", "report"} {
				if err := os.RemoveAll(filepath.Join(out, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func TestAResultThatCannotBeWrittenIsAnErrorAndLeavesNothing(t *testing.T) {
	s := newScene(t, map[string][]byte{"a.gz": gzOf(t, bytes.Repeat([]byte(witness), 10_000))})
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("here before"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"-o", filepath.Join(dir, "no folder", "x")}, {"-o", dir}, {"-o", filepath.Join(file, "x")}, {"--report", file}, {"--report", filepath.Join(file, "x")}} {
		status, _, told := s.run(t.Context(), "investigate -q --memory 128MiB", args...)
		if status != statusError || !strings.HasPrefix(told, "reeve: ") {
			t.Errorf("%q: status %d: %s", args, status, told)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || string(read(t, file)) != "here before" {
		t.Errorf("the folder holds %v (%v)", left, err)
	}
}

func TestOneBadPathAmongGoodOnesIsToldBeforeAnythingIsRead(t *testing.T) {
	s := newScene(t, map[string][]byte{"a.jsonl": []byte(witness)})
	status, out, told := execute(t, "investigate", s.evidence, filepath.Join(s.top, "absent"))
	if status != statusError || out != "" || !strings.Contains(told, "absent") {
		t.Errorf("status %d, %d bytes, %s", status, len(out), told)
	}
}

// heavy are 4 MiB of text each, made to cost more than their size.
func heavy() map[string][]byte {
	const size = 4 << 20
	many := func(line func(i int) string) []byte {
		var b bytes.Buffer
		for i := 0; b.Len() < size; i++ {
			b.WriteString(line(i))
		}
		return b.Bytes()
	}
	return map[string][]byte{
		"records with ever new keys": many(func(i int) string {
			var b strings.Builder
			fmt.Fprintf(&b, `{"EventID":1,"Channel":"c","Hostname":"x","EventTime":"2024-05-01 10:00:00"`)
			for k := range 100 {
				fmt.Fprintf(&b, `,"k%d_%d":%d`, i, k, k)
			}
			return b.String() + "}\n"
		}),
		"records of ever new hosts, channels and providers": many(func(i int) string {
			return fmt.Sprintf(`{"EventID":%d,"Channel":"c%d","SourceName":"p%d","Hostname":"h%d","EventTime":"2024-05-01 10:00:00"}`+"\n", i, i, i, i)
		}),
		"processes that are each other's parents": many(func(i int) string {
			return strings.NewReplacer("11111111-1111-1111-1111-111111111111", fmt.Sprintf("%08x-1111-1111-1111-111111111111", i), "mftrace", "app", `"ProcessId"`,
				fmt.Sprintf(`"ParentProcessGuid":"{%08x-1111-1111-1111-111111111111}","ParentImage":"C:\\app.exe","ProcessId"`, i+1)).Replace(witness)
		}),
		"one process that starts all others": many(func(i int) string {
			return strings.NewReplacer("11111111-1111-1111-1111-111111111111", fmt.Sprintf("%08x-1111-1111-1111-111111111111", i+2), "mftrace", "app", `"ProcessId"`,
				`"ParentProcessGuid":"{11111111-1111-1111-1111-111111111111}","ParentImage":"C:\\Windows\\mftrace.exe","ProcessId"`).Replace(witness)
		}),
		"one record again and again":  many(func(int) string { return witness }),
		"one line of brackets":        append([]byte(`{"EventID":1,"Channel":"c","a":`), bytes.Repeat([]byte("["), size)...),
		"a command line of megabytes": []byte(strings.ReplaceAll(witness, "mftrace.exe a.exe", "mftrace.exe "+strings.Repeat(`\"a\" `, size/6))),
		"megabytes of code":           []byte(strings.ReplaceAll(witness, "mftrace.exe a.exe", "powershell -enc "+strings.Repeat("QQBB", size/4))),
	}
}

// TestHeavyEvidenceTakesSecondsAndLittleMemory cannot see less memory than its own process has, which the system counts in.
func TestHeavyEvidenceTakesSecondsAndLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	for name, content := range heavy() {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, map[string][]byte{"heavy.jsonl": content, "witness.jsonl": []byte(witness)})
			for _, command := range []string{"investigate -q --format json", "hunt -q --format jsonl", "dump -q"} {
				took, peak := child(t, append(strings.Fields(command), "-o", os.DevNull, s.evidence))
				if took > patience {
					t.Errorf("%s took %v", command, took)
				}
				if peak > 1<<30 {
					t.Errorf("%s took %d MiB", command, peak>>20)
				}
				t.Logf("%s: %v, %d MiB", command, took, peak>>20)
			}
		})
	}
}

func TestHostileRulesAndListsDoNotHang(t *testing.T) {
	s := newScene(t, map[string][]byte{"a.jsonl": hostileLines(t), "long.jsonl": []byte(strings.ReplaceAll(witness, "mftrace.exe a.exe", strings.Repeat("ab", 1<<19)))})
	rule := func(detection string) []byte {
		return []byte("title: t\nid: 7a3c5ab1-6a0e-4d5c-9a5b-0d1f6e1c2b01\nlevel: high\nlogsource: {category: process_creation, product: windows}\ndetection:\n" + detection)
	}
	aliases := "x0: &x0 [a, a, a, a, a, a, a, a, a]\n"
	for i := 1; i < 12; i++ {
		aliases += fmt.Sprintf("x%d: &x%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*x%d, ", i-1), 9), ", "))
	}
	for name, text := range map[string][]byte{
		"aliases that multiply":         append([]byte(aliases), rule("  s: {Image: *x11}\n  condition: s\n")...),
		"an alias of itself":            rule("  s: &s {Image: *s}\n  condition: s\n"),
		"brackets":                      rule("  s: {Image: a}\n  condition: " + strings.Repeat("(", 1<<20) + "s\n"),
		"negations":                     rule("  s: {Image: a}\n  condition: " + strings.Repeat("not ", 1<<18) + "s\n"),
		"deep YAML":                     rule("  s: " + strings.Repeat("[", 1<<18) + "\n  condition: s\n"),
		"wildcards":                     rule("  s: {CommandLine: '" + strings.Repeat("*a?", 500) + "*c'}\n  condition: s\n"),
		"an expression of expressions":  rule("  s: {CommandLine|re: '((((a{1,900}){1,900}){1,900}){1,900})+$'}\n  condition: s\n"),
		"an expression that backtracks": rule("  s: {CommandLine|re: '^(a+b?|a?b+)*c$'}\n  condition: s\n"),
		"an expression of megabytes":    rule("  s: {CommandLine|re: '" + strings.Repeat("(a|b)?", 1<<17) + "'}\n  condition: s\n"),
		"a hundred thousand values":     rule("  s: {CommandLine|contains: [" + strings.TrimSuffix(strings.Repeat("abab, ", 100_000), ", ") + "]}\n  condition: s\n"),
		"offsets that multiply":         rule("  s: {CommandLine|wide|base64offset|contains: [" + strings.TrimSuffix(strings.Repeat("'aaaaaaaaaaaaaaaa', ", 5000), ", ") + "]}\n  condition: s\n"),
		"dashes that multiply":          rule("  s: {CommandLine|windash|contains: '" + strings.Repeat(" -a", 40) + "'}\n  condition: s\n"),
		"broken bytes":                  rule("  s: {CommandLine: '\xff\xfe\x00'}\n  condition: s\n"),
		"nothing":                       {},
		"zeros":                         make([]byte, 1<<20),
	} {
		t.Run("a rule with "+name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "r.yml"), text, 0o644); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			status, _, told := s.run(t.Context(), "hunt --format jsonl", "--rules", dir)
			if took := time.Since(began); took > patience {
				t.Errorf("took %v", took)
			}
			if status != statusDone {
				t.Errorf("status %d: %.300s", status, told)
			}
		})
	}
	var hosts, hashes strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&hosts, "h.%d.example,\"o\"\"wner\",it,\"\n\"\n", i)
		fmt.Fprintf(&hashes, "%064x,\x1b[31mname %d\n", i, i)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"hosts.csv": hosts.String(), "hashes.txt": hashes.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	status, _, told := s.run(t.Context(), "investigate -q", "--inventory", filepath.Join(dir, "hosts.csv"), "--known-bad", filepath.Join(dir, "hashes.txt"), "--known-good", filepath.Join(dir, "hashes.txt"))
	if took := time.Since(began); status != statusDone || took > patience {
		t.Errorf("lists of 100,000 lines: status %d after %v: %s", status, took, told)
	}
}
