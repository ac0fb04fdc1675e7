// Package evtx reads and writes Windows event logs in the EVTX format.
//
// A file is a header and chunks of 64 KiB. A chunk holds records and, once each, the templates that its records are written with: a
// record is mostly a list of typed values for the holes of a template. The package compiles each template to a flat Layout that all
// files share, so that reading a field is an index into the record's values and nothing is allocated per record:
//
//	f, err := evtx.Open(r, size, evtx.Options{})
//	if err != nil {
//		return err // not an EVTX file
//	}
//	for r, err := range f.Records() {
//		if err != nil {
//			log(err) // one record is lost; the next is read
//			continue
//		}
//		if image := r.Lookup("Image"); r.EventID() == 1 && image.HasSuffixFold(`\certutil.exe`) {
//			text = image.AppendText(text[:0])
//		}
//	}
//
// What depends on the form of a record alone, as the handle of a field or whether a rule could match at all, is worked out once per
// Layout and kept by its pointer.
//
// Invariants: a Record, its Values and their bytes are views that hold until the reader's next step. Evidence is hostile: no input
// makes the package panic, hang, or allocate more than its limits; a record that cannot be read is a *RecordError in its place, and what is
// merely odd is a Note. The tables of names and templates in chunk headers are never followed. Nothing is written but by Writer.
//
// The package does not know what an event means, which provider's fields are called what, or that files lie in folders.
package evtx
