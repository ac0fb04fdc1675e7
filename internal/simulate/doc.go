// Package simulate writes the evidence that made-up deeds on a made-up Windows estate would have left: Sysmon and Security
// records as EVTX files or JSON lines, with the truth about them known.
//
// A scenario builds an Estate with hosts and accounts and tells what happens there, deed by deed: a logon, a process, a file
// written, a library loaded, a connection. Each deed becomes the records that Windows writes about it, with all their fields in
// their order. What a host logs is said once, by its Logging.
//
//	e := NewEstate("corp.example", "CORP", "S-1-5-21-1-2-3")
//	pc := e.Host("PC-1", "10.0.0.1", boot, Logging{Sysmon: true})
//	explorer := pc.SignIn(nine, e.User("ann", false))
//	shell := explorer.Start(nine.Add(time.Minute), cmdExe, "")
//	shell.Write(nine.Add(2*time.Minute), `C:\Users\ann\notes.txt`)
//
// Invariants: the same scenario gives the same bytes, on every machine and at any time; there is no clock and no chance but a
// generator seeded by names. The records of a channel lie in the order of their time and are numbered without a hole. Hashes are
// made up from what a file is said to hold: equal content, equal hashes.
//
// The package does not know what reeve makes of the evidence: truth is written by the scenario, never computed. It simulates
// records, not Windows; a deed that Windows would refuse is written all the same.
package simulate
