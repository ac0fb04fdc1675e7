package triage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"reeve"
	"reeve/internal/process"
	"reeve/lolbas"
)

var (
	everyday  = &lolbas.Entry{Name: "Rundll32.exe", Class: lolbas.Everyday}
	admin     = &lolbas.Entry{Name: "Certutil.exe", Class: lolbas.AdminTool}
	developer = &lolbas.Entry{Name: "Mftrace.exe", Class: lolbas.Developer}
	optional  = &lolbas.Entry{Name: "Update.exe", Class: lolbas.Optional}
	rare      = &lolbas.Entry{Name: "Msxsl.exe", Class: lolbas.Rare}
)

// family is a graph of processes 1 and up: each given the number of its parent, 0 for none.
func family(parents ...uint32) *process.Graph {
	b := process.NewBuilder()
	for i, parent := range parents {
		key := func(n uint32) reeve.ProcKey {
			if n == 0 {
				return reeve.ProcKey{}
			}
			return reeve.ProcKey{PID: n, GUID: reeve.GUID{15: byte(n)}}
		}
		n := uint32(i + 1)
		b.Start(process.Start{Host: "pc", Key: key(n), Parent: key(parent), Image: fmt.Sprintf(`C:\%d.exe`, n), Time: reeve.Time(n) * reeve.Second, Ref: reeve.Ref{Offset: int64(n)}})
	}
	return process.Build([]*process.Builder{b}, strings.ToLower)
}

// run is an execution of an entry in its place, with nothing against it.
func run(id reeve.ProcID, e *lolbas.Entry) Execution {
	return Execution{Process: id, Host: "pc", Time: reeve.Time(id) * reeve.Second, Image: `C:\Windows\System32\` + e.Name, Parent: `C:\Windows\explorer.exe`, Entry: e, Location: lolbas.Listed, Identity: lolbas.Genuine, Shape: 7}
}

func but(x Execution, change func(*Execution)) Execution { change(&x); return x }

func say(cases []Opened, table []reeve.Triaged) string {
	var out []string
	for _, c := range cases {
		out = append(out, fmt.Sprintf("case of %v: %s", c.Occurrences, strings.Join(c.Reasons, "; ")))
	}
	for _, r := range table {
		s := fmt.Sprintf("%s: %d seen, %d in cases", r.LOLBin, r.Seen, r.InCases)
		for _, l := range r.LeftOut {
			s += fmt.Sprintf(", %d left out: %s", l.Count, l.Reason)
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

func TestWhatBecomesACase(t *testing.T) {
	for _, c := range []struct {
		name string
		in   Input
		want string
	}{
		{"an everyday program at its work is left out", Input{Executions: []Execution{run(1, everyday)}},
			"Rundll32.exe: 1 seen, 0 in cases, 1 left out: " + leftEveryday},
		{"an administrator's too", Input{Executions: []Execution{run(1, admin)}},
			"Certutil.exe: 1 seen, 0 in cases, 1 left out: " + leftAdmin},
		{"a developer's program is a case", Input{Executions: []Execution{run(1, developer)}},
			"case of [1]: a program of class developer ran\nMftrace.exe: 1 seen, 1 in cases"},
		{"so is an optional one", Input{Executions: []Execution{run(1, optional)}},
			"case of [1]: a program of class optional ran\nUpdate.exe: 1 seen, 1 in cases"},
		{"and a rare one", Input{Executions: []Execution{run(1, rare)}},
			"case of [1]: a program of class rare ran\nMsxsl.exe: 1 seen, 1 in cases"},
		{"a documented abuse is a case", Input{Executions: []Execution{but(run(1, everyday), func(x *Execution) { x.Abuse = true })}},
			"case of [1]: its command line has the form of a documented abuse\nRundll32.exe: 1 seen, 1 in cases"},
		{"a program that anybody could have put there is a case", Input{Executions: []Execution{but(run(1, everyday), func(x *Execution) { x.Location = lolbas.UserWritable })}},
			"case of [1]: it does not run from where it belongs\nRundll32.exe: 1 seen, 1 in cases"},
		{"one from another host too", Input{Executions: []Execution{but(run(1, everyday), func(x *Execution) { x.Location = lolbas.RemotePath })}},
			"case of [1]: it does not run from where it belongs\nRundll32.exe: 1 seen, 1 in cases"},
		{"one where only administrators write, yet not its place, too", Input{Executions: []Execution{but(run(1, everyday), func(x *Execution) { x.Location = lolbas.OtherProtected })}},
			"case of [1]: it does not run from where it belongs\nRundll32.exe: 1 seen, 1 in cases"},
		{"copies that Windows and vendors keep are none", Input{Executions: []Execution{
			but(run(1, everyday), func(x *Execution) { x.Location = lolbas.ServicingCopy }), but(run(2, everyday), func(x *Execution) { x.Location = lolbas.VendorCopy }),
			but(run(3, everyday), func(x *Execution) { x.Location = lolbas.ListedForm }), but(run(4, everyday), func(x *Execution) { x.Location = lolbas.NoList }),
			but(run(5, everyday), func(x *Execution) { x.Location = lolbas.NoLocation; x.Identity = lolbas.UnknownIdentity }), but(run(6, everyday), func(x *Execution) { x.Identity = lolbas.SameName })}},
			"Rundll32.exe: 6 seen, 0 in cases, 6 left out: " + leftEveryday},
		{"a renamed program is a case", Input{Executions: []Execution{but(run(1, admin), func(x *Execution) { x.Identity = lolbas.Renamed })}},
			"case of [1]: it is not what its name says\nCertutil.exe: 1 seen, 1 in cases"},
		{"a masquerade is a case", Input{Executions: []Execution{but(run(1, admin), func(x *Execution) { x.Identity = lolbas.Masquerade })}},
			"case of [1]: it is not what its name says\nCertutil.exe: 1 seen, 1 in cases"},
		{"a rule makes a case", Input{Executions: []Execution{run(1, admin)}, Rules: map[reeve.ProcID]string{1: "Odd (high)"}},
			"case of [1]: a rule matched it: Odd (high)\nCertutil.exe: 1 seen, 1 in cases"},
		{"a rule against what it started makes a case", Input{Executions: []Execution{run(1, admin)}, Graph: family(0, 1), Rules: map[reeve.ProcID]string{2: "Odd (high)"}},
			"case of [1]: a rule matched what it started: Odd (high)\nCertutil.exe: 1 seen, 1 in cases"},
		{"what a user does from the desktop is no case of the desktop", Input{Executions: []Execution{run(1, &lolbas.Entry{Name: desktop, Class: lolbas.Everyday})}, Graph: family(0, 1), Rules: map[reeve.ProcID]string{1: "Odd (high)", 2: "Odd (high)"}},
			"Explorer.exe: 1 seen, 0 in cases, 1 left out: " + leftDesktop},
		{"a false desktop is one", Input{Executions: []Execution{but(run(1, &lolbas.Entry{Name: desktop, Class: lolbas.Everyday}), func(x *Execution) { x.Location = lolbas.UserWritable })}},
			"case of [1]: it does not run from where it belongs\nExplorer.exe: 1 seen, 1 in cases"},
		{"so is a desktop with the command line of an abuse", Input{Executions: []Execution{but(run(1, &lolbas.Entry{Name: desktop, Class: lolbas.Everyday}), func(x *Execution) { x.Abuse = true })}},
			"case of [1]: its command line has the form of a documented abuse\nExplorer.exe: 1 seen, 1 in cases"},
		{"a rule against its parent makes none", Input{Executions: []Execution{run(2, admin)}, Graph: family(0, 1), Rules: map[reeve.ProcID]string{1: "Odd (high)"}},
			"Certutil.exe: 1 seen, 0 in cases, 1 left out: " + leftAdmin},
		{"what it started has a case of its own", Input{Executions: []Execution{run(1, admin), run(2, everyday)}, Graph: family(0, 1), Rules: map[reeve.ProcID]string{2: "Odd (high)"}},
			"case of [2]: a rule matched it: Odd (high)\nCertutil.exe: 1 seen, 0 in cases, 1 left out: " + leftParent + "\nRundll32.exe: 1 seen, 1 in cases"},
		{"but a second child may not", Input{Executions: []Execution{run(1, admin), run(2, everyday)}, Graph: family(0, 1, 1), Rules: map[reeve.ProcID]string{2: "Odd (high)", 3: "Worse (critical)"}},
			"case of [1]: a rule matched what it started: Worse (critical)\ncase of [2]: a rule matched it: Odd (high)\nCertutil.exe: 1 seen, 1 in cases\nRundll32.exe: 1 seen, 1 in cases"},
		{"what the user names is a case", Input{Executions: []Execution{run(1, everyday)}, Named: map[reeve.ProcID]string{1: "rundll32"}},
			"case of [1]: named as rundll32\nRundll32.exe: 1 seen, 1 in cases"},
		{"on the list or not", Input{Executions: []Execution{run(1, everyday)}, Graph: family(0, 0, 0), Named: map[reeve.ProcID]string{3: "3.exe", 2: "2.exe"}},
			"case of [2]: named as 2.exe\ncase of [3]: named as 3.exe\nRundll32.exe: 1 seen, 0 in cases, 1 left out: " + leftEveryday},
		{"all can be asked for", Input{Executions: []Execution{run(1, everyday), run(2, rare)}, All: true},
			"case of [1]: all executions were asked for\ncase of [2]: a program of class rare ran\nMsxsl.exe: 1 seen, 1 in cases\nRundll32.exe: 1 seen, 1 in cases"},
		{"reasons add up", Input{Executions: []Execution{but(run(1, rare), func(x *Execution) { x.Abuse, x.Location = true, lolbas.UserWritable })}},
			"case of [1]: a program of class rare ran; its command line has the form of a documented abuse; it does not run from where it belongs\nMsxsl.exe: 1 seen, 1 in cases"},
		{"repeats of one behaviour are one case, the earliest first", Input{Executions: []Execution{run(3, rare), run(1, rare), run(2, rare)}},
			"case of [1 2 3]: a program of class rare ran\nMsxsl.exe: 3 seen, 3 in cases"},
		{"a repeat adds its reasons", Input{Executions: []Execution{run(1, rare), run(2, rare)}, Rules: map[reeve.ProcID]string{2: "Odd (high)"}},
			"case of [1 2]: a program of class rare ran; a rule matched it: Odd (high)\nMsxsl.exe: 2 seen, 2 in cases"},
		{"another host, place, parent, shape or identity is another behaviour", Input{Executions: []Execution{run(1, rare),
			but(run(2, rare), func(x *Execution) { x.Host = "pc2" }), but(run(3, rare), func(x *Execution) { x.Image = `D:\Msxsl.exe` }), but(run(4, rare), func(x *Execution) { x.Parent = "cmd.exe" }),
			but(run(5, rare), func(x *Execution) { x.Shape++ }), but(run(6, rare), func(x *Execution) { x.Identity = lolbas.UnknownIdentity })}},
			"case of [1]: a program of class rare ran\ncase of [3]: a program of class rare ran\ncase of [4]: a program of class rare ran\ncase of [5]: a program of class rare ran\ncase of [6]: a program of class rare ran\ncase of [2]: a program of class rare ran\nMsxsl.exe: 6 seen, 6 in cases"},
		{"letters make no other behaviour, nor does the parent's folder", Input{Executions: []Execution{run(1, rare),
			but(run(2, rare), func(x *Execution) { x.Image, x.Parent = strings.ToUpper(x.Image), `D:\Explorer.exe` })}},
			"case of [1 2]: a program of class rare ran\nMsxsl.exe: 2 seen, 2 in cases"},
		{"a named run is a case of its own", Input{Executions: []Execution{run(1, rare), run(2, rare), run(3, rare)}, Named: map[reeve.ProcID]string{2: "pc:2"}},
			"case of [1 3]: a program of class rare ran\ncase of [2]: named as pc:2; a program of class rare ran\nMsxsl.exe: 3 seen, 3 in cases"},
		{"an execution that is told twice counts once", Input{Executions: []Execution{run(1, rare), run(1, rare), run(2, admin), run(2, admin)}},
			"case of [1]: a program of class rare ran\nCertutil.exe: 1 seen, 0 in cases, 1 left out: " + leftAdmin + "\nMsxsl.exe: 1 seen, 1 in cases"},
		{"nothing ran", Input{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.in.Graph == nil {
				c.in.Graph = family()
			}
			if got := say(Open(c.in)); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// TestNothingIsHidden draws executions and holds the sums: whatever was seen stands in a case or is left out with a reason, and
// no order of the input changes the outcome.
func TestNothingIsHidden(t *testing.T) {
	g := family(0, 1, 1, 2, 2, 0, 6, 0)
	rapid.Check(t, func(t *rapid.T) {
		in := Input{Graph: g, Rules: map[reeve.ProcID]string{}, Named: map[reeve.ProcID]string{}, All: rapid.Bool().Draw(t, "all")}
		for id := reeve.ProcID(1); int(id) <= g.Len(); id++ {
			if rapid.Bool().Draw(t, "rule") {
				in.Rules[id] = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "title")
			}
			if rapid.IntRange(0, 5).Draw(t, "named") == 0 {
				in.Named[id] = "a name"
			}
			if rapid.IntRange(0, 3).Draw(t, "executed") == 0 {
				continue
			}
			x := run(id, rapid.SampledFrom([]*lolbas.Entry{everyday, admin, developer, optional, rare}).Draw(t, "entry"))
			x.Host, x.Shape, x.Time = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "host"), rapid.Uint64Range(0, 1).Draw(t, "shape"), reeve.Time(rapid.IntRange(0, 2).Draw(t, "time"))
			x.Location = rapid.SampledFrom([]lolbas.LocationClass{lolbas.Listed, lolbas.UserWritable}).Draw(t, "location")
			x.Identity = rapid.SampledFrom([]lolbas.IdentityValue{lolbas.Genuine, lolbas.Renamed}).Draw(t, "identity")
			x.Abuse = rapid.Bool().Draw(t, "abuse")
			in.Executions = append(in.Executions, x)
		}
		cases, table := Open(in)
		want := say(cases, table)
		occurs := map[reeve.ProcID]int{}
		for _, c := range cases {
			if len(c.Reasons) == 0 || len(c.Occurrences) == 0 || c.Occurrences[0] != c.Process {
				t.Fatalf("a case without reason or subject: %+v", c)
			}
			for _, id := range c.Occurrences {
				occurs[id]++
			}
		}
		seen, inCases := 0, 0
		for _, r := range table {
			left := 0
			for _, l := range r.LeftOut {
				left += l.Count
				if l.Reason == "" || in.All {
					t.Fatalf("left out of %s: %+v", r.LOLBin, l)
				}
			}
			if r.Seen != r.InCases+left {
				t.Fatalf("%s: %d seen, %d in cases and %d left out", r.LOLBin, r.Seen, r.InCases, left)
			}
			seen, inCases = seen+r.Seen, inCases+r.InCases
		}
		if seen != len(in.Executions) {
			t.Fatalf("%d executions, %d counted", len(in.Executions), seen)
		}
		for id := range in.Named {
			if occurs[id] != 1 {
				t.Fatalf("process %d was named and is in %d cases", id, occurs[id])
			}
		}
		for _, x := range in.Executions {
			if n := occurs[x.Process]; n > 1 {
				t.Fatalf("process %d is in %d cases", x.Process, n)
			}
			inCases -= occurs[x.Process]
		}
		if inCases != 0 {
			t.Fatalf("the table counts %d executions in cases that are in none", inCases)
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		rng.Shuffle(len(in.Executions), func(i, j int) { in.Executions[i], in.Executions[j] = in.Executions[j], in.Executions[i] })
		before := slices.Clone(in.Executions)
		if got := say(Open(in)); got != want {
			t.Fatalf("in order:\n%s\nshuffled:\n%s", want, got)
		}
		if !slices.Equal(before, in.Executions) {
			t.Fatal("the input was changed")
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	g := family(0, 1, 1)
	in := Input{Graph: g}
	for i := range 100_000 {
		in.Executions = append(in.Executions, but(run(1, []*lolbas.Entry{everyday, admin, rare}[i%3]), func(x *Execution) { x.Process, x.Time, x.Shape = reeve.ProcID(i+1), reeve.Time(i), uint64(i%50) }))
	}
	b.ReportAllocs()
	for b.Loop() {
		Open(in)
	}
}
