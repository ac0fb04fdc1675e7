package simulate

import (
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"strings"

	"reeve/cmdline"
)

// Program is an executable file or a library: where it lies and what its version resource and signature say.
type Program struct {
	Path         string
	OriginalName string // of the version resource; "" for none
	Description  string
	Maker        Maker
	// Content stands for the bytes: files of equal content have equal hashes. "" takes the original name, or else the file name,
	// with the maker's version.
	Content string
}

// Maker is what the programs of one product have in common.
type Maker struct {
	Product, Company, Version string
	Signer                    string // "" for none: the file is not signed
}

// At is the same file in another place.
func (p Program) At(path string) Program {
	p.Content, p.Path = p.content(), path
	return p
}

func (p Program) content() string {
	if p.Content != "" {
		return p.Content
	}
	name := p.OriginalName
	if name == "" {
		name = p.base()
	}
	return strings.ToLower(name) + " " + p.Maker.Product + " " + p.Maker.Version
}

// hashes are made up; they look like Sysmon's list of MD5, SHA256 and IMPHASH. What is no program imports nothing.
func (p Program) hashes() string {
	c := p.content()
	imports := md5.Sum([]byte("imports " + c))
	if !p.executable() {
		imports = [md5.Size]byte{}
	}
	return fmt.Sprintf("MD5=%X,SHA256=%X,IMPHASH=%X", md5.Sum([]byte("file "+c)), sha256.Sum256([]byte("file "+c)), imports)
}

// executable tells a program or library from a document, which has neither a version resource nor an extension of programs.
func (p Program) executable() bool {
	switch cmdline.ParsePath(p.Path).Ext {
	case ".exe", ".dll":
		return true
	}
	return p.OriginalName != "" || p.Maker != (Maker{})
}

// base is the file's name without its folder.
func (p Program) base() string { return p.Path[strings.LastIndexByte(p.Path, '\\')+1:] }

// Document is a file that is no program.
func Document(path, content string) Program { return Program{Path: path, Content: content} }

// The makers of everyday software.
var (
	windows   = Maker{"Microsoft® Windows® Operating System", "Microsoft Corporation", "10.0.22621.3155 (WinBuild.160101.0800)", "Microsoft Windows"}
	office    = Maker{"Microsoft Office", "Microsoft Corporation", "16.0.17328.20184", "Microsoft Corporation"}
	edge      = Maker{"Microsoft Edge", "Microsoft Corporation", "122.0.2365.66", "Microsoft Corporation"}
	updater   = Maker{"Microsoft Edge Update", "Microsoft Corporation", "1.3.185.21", "Microsoft Corporation"}
	teamsApp  = Maker{"Microsoft Teams", "Microsoft", "24033.811.2738.2546", "Microsoft Corporation"}
	driveSync = Maker{"Microsoft OneDrive", "Microsoft Corporation", "24.020.0128.0003", "Microsoft Corporation"}
	defender  = Maker{"Microsoft® Windows® Operating System", "Microsoft Corporation", "4.18.24010.12 (WinBuild.160101.0800)", "Microsoft Windows Publisher"}
	inside    = Maker{"Sysinternals Sysmon", "Sysinternals - www.sysinternals.com", "15.14", "Microsoft Corporation"}
	studio    = Maker{"Microsoft® Visual Studio®", "Microsoft Corporation", "17.9.34622.214", "Microsoft Corporation"}
	toolchain = Maker{"Microsoft® Visual Studio®", "Microsoft Corporation", "14.39.33521.0", "Microsoft Corporation"}
	kit       = Maker{"Microsoft® Windows® Operating System", "Microsoft Corporation", "10.0.22621.755 (WinBuild.160101.0800)", "Microsoft Corporation"}
	tracing   = Maker{"Media Foundation Tracing Application", "Microsoft", "1.1.0.1", "Microsoft Corporation"}
	reader    = Maker{"Adobe Acrobat", "Adobe Systems Incorporated", "23.008.20555.0", "Adobe Inc."}
	ledger    = Maker{"Kontora Ledger", "Kontora Software AB", "8.4.2.0", "Kontora Software AB"}
)

// system32 describes a program of Windows itself.
func system32(name, original, description string) Program {
	return Program{Path: `C:\Windows\System32\` + name, OriginalName: original, Description: description, Maker: windows}
}
