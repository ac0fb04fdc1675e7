// Package lolbas holds what is known about the programs, libraries and
// scripts that the LOLBAS project lists because they can be abused: where
// they belong, what proves that a file is one of them, what abuse is
// documented, and how common an execution is on an ordinary host.
//
// The facts are the LOLBAS project's at [Revision], corrected where they are
// wrong, and the version resources, signers and hashes of real builds.
// Judgement is added by hand: a class per entry, the locations that LOLBAS
// omits, and the names that other software uses too.
//
// Invariants: entries are values that nobody may change; every answer is made
// from the caller's text alone, never from a disk; nothing panics on any text.
//
// Not known here: which of the paths exist on a host, what a folder's real
// permissions are (a default installation is assumed), and whether an
// execution is malicious.
package lolbas

import (
	"slices"
	"strings"
)

// Kind says what an entry is.
type Kind string

// The kinds of entry. The names in JSON are stable.
const (
	Binary  Kind = "binary"  // an executable that comes with Windows
	Library Kind = "library" // a DLL or control panel item, loaded by another program
	Script  Kind = "script"  // run by an interpreter
	Other   Kind = "other"   // an executable of another Microsoft product
)

// Privilege is what a documented command needs.
type Privilege string

// The privileges, from eleven spellings in the source.
const (
	User           Privilege = "user"
	Admin          Privilege = "admin"
	BackupOperator Privilege = "backup_operator"
	DNSAdmin       Privilege = "dns_admin"
	System         Privilege = "system"
)

// Command is one documented abuse of an entry.
type Command struct {
	Category   string    // "Execute", "Download", "AWL Bypass", ...
	Technique  string    // ATT&CK technique id, "T1218.011"
	Privileges Privilege // what it needs
	Tags       []string  // "Execute: DLL", "Requires: Rename", ...

	// Payload says per payload argument where it stands ("positional",
	// "after:<option>", "inline:<prefix>") and what it is ("{PATH:.dll}").
	// Empty when the documented command names none.
	Payload []string
}

// Entry is one program, library or script.
type Entry struct {
	Name     string   // file name as LOLBAS spells it
	Kind     Kind     // binary, library, script, other
	Aliases  []string // other file names
	Paths    []string // full paths that LOLBAS lists; <version> and <username> are placeholders
	Known    []string // full paths that LOLBAS omits, in the same form
	Commands []Command
	Sigma    []string // file names of Sigma rules; many were renamed since
	Elastic  []string // file names of Elastic rules
	Splunk   []string // file names of Splunk rules

	Class       Class  // how ordinary an execution is
	ClassReason string // why, in one line
}

// Techniques returns the entry's ATT&CK technique ids, sorted.
func (e *Entry) Techniques() []string {
	var ids []string
	for _, c := range e.Commands {
		ids = append(ids, c.Technique)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// names returns every file name of the entry in lower case.
func (e *Entry) names() []string {
	all := []string{strings.ToLower(e.Name)}
	for _, alias := range e.Aliases {
		all = append(all, strings.ToLower(alias))
	}
	return slices.Compact(all)
}

// Entries returns all entries, sorted by name without regard to case.
func Entries() []Entry { return slices.Clone(entries) }

// ByName returns the entries that have a file name, in any case. A name
// without extension means the .exe, as it does on a command line.
func ByName(base string) []*Entry {
	base = strings.ToLower(base)
	if !strings.Contains(base, ".") {
		base += ".exe"
	}
	return slices.Clone(byName[base])
}

var (
	entries = assemble()
	byName  = index()
)

func assemble() []Entry {
	all, rows := slices.Clone(listed), classes()
	for i := range all {
		e := &all[i]
		key := strings.ToLower(e.Name)
		e.Known = known[key]
		e.Aliases = append(slices.Clone(e.Aliases), moreNames[key]...)
		e.Class, e.ClassReason = rows[key].class, rows[key].reason
	}
	return all
}

func index() map[string][]*Entry {
	names := make(map[string][]*Entry, len(entries))
	for i := range entries {
		for _, name := range entries[i].names() {
			names[name] = append(names[name], &entries[i])
		}
	}
	return names
}
