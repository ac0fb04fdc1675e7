package main

import (
	"fmt"
	"io"
	"strings"

	"reeve/cmdline"
	"reeve/internal/report"
	"reeve/lolbas"
)

type lolbasCmd struct {
	output
	What   string `arg:"" optional:"" name:"name-or-path" help:"A program's name, or a path to class. Nothing lists all programs."`
	Format string `help:"${enum}." enum:"text,json" default:"text"`
}

// known is what is printed of an entry.
type known struct {
	Name       string   `json:"name"`
	Kind       string   `json:"kind"`
	Class      string   `json:"class"`
	Why        string   `json:"class_reason"`
	Techniques []string `json:"techniques"`
	Categories []string `json:"categories"`
	Paths      []string `json:"paths"`
	AlsoIn     []string `json:"also_in"`
	Location   *placed  `json:"location"`
	homes      []string
}

// kinds words what an entry is.
func kinds(k string) string {
	switch lolbas.Kind(k) {
	case lolbas.Binary:
		return "a program of Windows"
	case lolbas.Library:
		return "a library of Windows"
	case lolbas.Script:
		return "a script of Windows"
	}
	return "a program that does not come with Windows"
}

// placed is the class of the path that was asked about.
type placed struct {
	Path    string `json:"path"`
	Class   string `json:"class"`
	Says    string `json:"says"`
	Matched string `json:"matched"`
	Differs string `json:"differs"`
}

// Run prints what is known.
func (c *lolbasCmd) Run(a *app) error {
	var list []known
	if c.What == "" {
		for _, e := range lolbas.Entries() {
			list = append(list, about(&e, ""))
		}
	} else {
		path := cmdline.ParsePath(c.What)
		asked := ""
		if path.Kind != cmdline.Bare {
			asked = c.What
		}
		for _, e := range lolbas.ByName(path.Base) {
			list = append(list, about(e, asked))
		}
		if len(list) == 0 {
			hint := "reeve lolbas without a name lists them all."
			if asked != "" {
				hint = fmt.Sprintf("The folder, whichever file is in it, is %s. %s", lolbas.Place(asked), hint)
			}
			return hinted{fmt.Errorf("%s is not among the %d programs that LOLBAS lists", report.Clean(c.What), len(lolbas.Entries())), hint}
		}
	}
	return c.write(a, func(w io.Writer, _ report.Options) error {
		if c.Format == "json" {
			return writeJSON(w, list)
		}
		if c.What == "" {
			return listEntries(w, list)
		}
		return describeEntries(w, list)
	})
}

func about(e *lolbas.Entry, path string) known {
	k := known{Name: e.Name, Kind: string(e.Kind), Class: string(e.Class), Why: e.ClassReason, Techniques: e.Techniques(), Paths: e.Paths, AlsoIn: e.Known, homes: e.Homes()}
	seen := map[string]bool{}
	for _, c := range e.Commands {
		if !seen[c.Category] {
			seen[c.Category] = true
			k.Categories = append(k.Categories, c.Category)
		}
	}
	if path != "" {
		at := lolbas.Locate(e, path)
		k.Location = &placed{path, string(at.Class), at.Says, at.Matched, at.Differs}
	}
	return k
}

func listEntries(w io.Writer, list []known) error {
	for _, k := range list {
		if _, err := fmt.Fprintf(w, "%-42s %-10s %-8s %s\n", k.Name, k.Class, k.Kind, strings.Join(k.Techniques, " ")); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%d programs of LOLBAS revision %s\n", len(list), lolbas.Revision)
	return err
}

func describeEntries(w io.Writer, list []known) error {
	var b strings.Builder
	for i, k := range list {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s, %s\n  class       %s: %s\n  techniques  %s\n  documented  %s\n", k.Name, kinds(k.Kind), k.Class, k.Why, strings.Join(k.Techniques, ", "), strings.Join(k.Categories, ", "))
		if len(k.homes) == 0 {
			b.WriteString("  belongs in  no place that LOLBAS lists\n")
		}
		for j, p := range k.homes {
			label := ""
			if j == 0 {
				label = "belongs in"
			}
			fmt.Fprintf(&b, "  %-11s %s\n", label, p)
		}
		if l := k.Location; l != nil {
			fmt.Fprintf(&b, "\n  %s\n  is %s: %s\n", report.Clean(l.Path), l.Class, report.Clean(l.Says))
			if l.Differs != "" {
				fmt.Fprintf(&b, "  compared to %s\n", l.Matched)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
