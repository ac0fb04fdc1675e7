// Package reeve holds the nouns and contracts of an investigation: record, event, process, finding, case, answer, verdict,
// and the interfaces through which outside knowledge comes in.
//
// The walk, each word made from the one before it:
//
//	evidence -> record -> event -> { process graph, coverage } -> finding -> case -> answer -> verdict -> report
//
// Invariants: this package imports the standard library only and decides nothing; every claim carries the [Ref] of the record
// it rests on; the zero value of a verdict is [Inconclusive] and of a stance [Unknown], so that nothing that was not looked at
// can be called clean. It does not know file formats, Windows field names, rules or reports.
package reeve
