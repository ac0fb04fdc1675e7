package lolbas

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// example is a row of a table: a command line and what it asks for. testdata/grammar.tsv has each form of use, testdata/evasions.tsv
// the spellings by which attackers hide them, and honest lines that look alike.
type example struct {
	file                              string
	number                            int
	program, form, mode, kind, target string
	line                              string
}

func examples(t testing.TB) []example {
	t.Helper()
	var all []example
	for _, file := range []string{"grammar.tsv", "evasions.tsv"} {
		text, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")[1:] {
			cells := strings.SplitN(line, "\t", 6)
			if len(cells) != 6 {
				t.Fatalf("%s: row %d has %d columns", file, i+2, len(cells))
			}
			all = append(all, example{file, i + 2, cells[0], cells[1], cells[2], cells[3], cells[4], cells[5]})
		}
	}
	return all
}

func TestGrammarTableHasNoFault(t *testing.T) {
	rows, err := parseGrammar(grammarText)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range rows {
		for _, f := range r.forms {
			for _, s := range f.payloads {
				if s.kind != "auto" && !slices.Contains(kinds, s.kind) {
					t.Errorf("%s: %s is no kind of payload", name, s.kind)
				}
				for _, place := range s.places {
					if !isPlace(place) {
						t.Errorf("%s: %s is no place of a payload", name, place)
					}
				}
			}
		}
	}
}

var kinds = []PayloadKind{PayloadExe, PayloadCmd, PayloadDLL, PayloadDotNet, PayloadScript, PayloadMSI, PayloadINF, PayloadScriptlet, PayloadHTA, PayloadCOM, PayloadWMI, PayloadRemote,
	PayloadAttach, PayloadFile, PayloadNone, PayloadUnknown}

func isPlace(place string) bool {
	key, _, _ := strings.Cut(place, "=")
	key = strings.TrimRight(key, ".^~")
	return strings.HasPrefix(key, "-") || digits(key) || slices.Contains([]string{"last", "any", "url", "after", "args"}, key)
}

func TestFaultyTablesAreRefused(t *testing.T) {
	for _, text := range []string{
		"  run | | | \n",
		"a.exe\na.exe\n",
		"a.exe what\n",
		"a.exe\n  | 1 |\n",
		"a.exe\n  run | where=x |\n",
		"a.exe\n  run | 1=@nowhere |\n",
		"a.exe\n  run | 1= |\n",
		"a.exe\n  run | 1 | exe\n",
		"a.exe\n  run | 1 | exe 1 | Execute\n",
		"a.exe\n  run | 1 | exe 1 | Execute T1 | here | there\n",
	} {
		if _, err := parseGrammar(text); err == nil {
			t.Errorf("accepted:\n%s", text)
		}
	}
}

// Every entry has a row, an example of its documented abuse (or, where no line can show it, of where to look instead) and one of
// ordinary use.
func TestEveryEntryHasAGrammarAndExamples(t *testing.T) {
	forms := map[string][]string{}
	for _, x := range examples(t) {
		forms[x.program] = append(forms[x.program], x.form)
	}
	for _, e := range Entries() {
		if !HasGrammar(e.Name) {
			t.Errorf("%s has no grammar", e.Name)
		}
		if !slices.Contains(forms[e.Name], "abuse") && !slices.Contains(forms[e.Name], "hidden") {
			t.Errorf("%s has no example of abuse", e.Name)
		}
		if !slices.Contains(forms[e.Name], "ordinary") {
			t.Errorf("%s has no example of ordinary use", e.Name)
		}
		delete(forms, e.Name)
	}
	for name := range forms {
		t.Errorf("examples for %s, which is no entry", name)
	}
	for name := range grammar() {
		if !slices.ContainsFunc(Entries(), func(e Entry) bool { return strings.EqualFold(e.Name, name) }) {
			t.Errorf("a grammar for %s, which is no entry", name)
		}
	}
}

// A documented abuse is of a category and technique that LOLBAS lists for the entry, unless it stands in added.
func TestAbusesAreTheDocumentedOnes(t *testing.T) {
	for _, e := range Entries() {
		r := grammar()[strings.ToLower(e.Name)]
		if r == nil {
			continue
		}
		for _, f := range r.forms {
			if !f.abuse || added[e.Name] == f.category+" "+f.technique {
				continue
			}
			if !slices.ContainsFunc(e.Commands, func(c Command) bool { return c.Category == f.category && c.Technique == f.technique }) {
				t.Errorf("%s: %s %s (%s) is not documented", e.Name, f.category, f.technique, f.mode)
			}
		}
	}
}

// added are abuses that are documented elsewhere.
var added = map[string]string{
	"Procdump.exe": "Dump T1003.001",    // its best known use
	"Cscript.exe":  "Execute T1059.005", // a script from another machine, or another file read as a script
	"Wscript.exe":  "Execute T1059.005",
	"Sc.exe":       "Execute T1543.003", // a service whose program is itself an abuse
	"Winword.exe":  "Execute T1137.006", // an add-in library given with /l
}

// Of each documented pair of category and technique some form of the entry's grammar tells, or the line cannot show it.
func TestDocumentedAbusesAreRecognised(t *testing.T) {
	for _, e := range Entries() {
		r := grammar()[strings.ToLower(e.Name)]
		if r == nil {
			continue
		}
		told := map[string]bool{}
		hidden := false
		for _, f := range r.forms {
			told[f.technique] = told[f.technique] || f.abuse
			hidden = hidden || f.hidden != ""
		}
		for _, c := range e.Commands {
			if !told[c.Technique] && !hidden && !inCode[strings.ToLower(e.Name)] && sameForm[e.Name] != c.Technique {
				t.Errorf("%s: no form tells of %s %s", e.Name, c.Category, c.Technique)
			}
		}
	}
}

// inCode are programs that are read by functions of their own.
var inCode = map[string]bool{"cmd.exe": true, "powershell.exe": true, "rundll32.exe": true}

// sameForm are documented commands that look like another one of the entry and are told as that.
var sameForm = map[string]string{
	"Ieexec.exe":      "T1105", // what is downloaded is run
	"Mshta.exe":       "T1105",
	"rdrleakdiag.exe": "T1003", // which process the id belongs to is not on the line
	"Sqldumper.exe":   "T1003",
}
