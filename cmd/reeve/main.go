// Command reeve investigates living-off-the-land executions in Windows logs.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"reeve/internal/report"
)

// Exit statuses. With --fail-on a case that reaches the label makes statusFound.
const (
	statusDone  = 0
	statusError = 1
	statusUsage = 2
	statusFound = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr}))
}

// stdio is where a command reads and prints. Data goes to out, everything else to err.
type stdio struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// commands is the table of contents of the command line.
type commands struct {
	Investigate investigateCmd `cmd:"" help:"The main job: evidence in, cases out."`
	Hunt        huntCmd        `cmd:"" help:"Sigma findings only, fast."`
	Dump        dumpCmd        `cmd:"" help:"Print records as JSON lines or XML."`
	Lolbas      lolbasCmd      `cmd:"" help:"What is known about a binary; what class a path is."`
	Rules       rulesCmd       `cmd:"" help:"List, check, test and explain Sigma rules."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
}

// app is what every command gets.
type app struct {
	ctx context.Context
	stdio
}

// statusErr carries an exit status through the command's error.
type statusErr int

func (s statusErr) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// hinted is an error with a hint apart from its message.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

// run is the whole program as a function of its arguments and streams.
func run(ctx context.Context, args []string, io stdio) (status int) {
	type exited int // kong's way out after --help
	defer func() {
		if r := recover(); r != nil {
			code, ok := r.(exited)
			if !ok {
				panic(r)
			}
			status = int(code)
		}
	}()
	var cli commands
	parser, err := kong.New(&cli, kong.Name("reeve"), kong.Description("Investigates living-off-the-land executions in Windows logs."),
		kong.Writers(io.out, io.err), kong.Exit(func(code int) { panic(exited(code)) }), kong.UsageOnError(), formats(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(io.err, "reeve:", err)
		return statusError
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(io.err, "reeve: %s\n", shown(err))
		return statusUsage
	}
	err = parsed.Run(&app{ctx, io})
	var code statusErr
	var h hinted
	switch {
	case err == nil:
		return statusDone
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(io.err, "reeve: interrupted")
	case errors.As(err, &h):
		fmt.Fprintf(io.err, "reeve: %s\n  %s\n", shown(h.error), h.hint)
	default:
		fmt.Fprintf(io.err, "reeve: %s\n", shown(err))
	}
	var usage usageErr
	if errors.As(err, &usage) {
		return statusUsage
	}
	return statusError
}

// shown is what an error says, safe to print: it may quote a name or a line of a file that is not to be trusted.
func shown(err error) string {
	lines := strings.Split(err.Error(), "\n")
	for i := range lines {
		lines[i] = report.Clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

// formats names the outputs for the flags that choose one.
func formats() kong.Option {
	var all, findings []string
	for _, w := range report.Writers {
		all = append(all, w.Name)
	}
	for _, w := range report.FindingWriters {
		findings = append(findings, w.Name)
	}
	return kong.Vars{"formats": strings.Join(all, ","), "findingformats": strings.Join(findings, ",")}
}

// usageErr marks an error as bad usage.
type usageErr struct{ error }

func (u usageErr) Unwrap() error { return u.error }

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(a *app) error {
	_, err := fmt.Fprintln(a.out, "reeve", version())
	return err
}

// version is the module's version as the build recorded it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
