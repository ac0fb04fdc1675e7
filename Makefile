# What each target is for stands in CONTRIBUTING.md.

GOLANGCI  = go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
PLATFORMS = linux/amd64 linux/arm64 windows/amd64 windows/arm64 darwin/amd64 darwin/arm64
FUZZTIME ?= 20s
BENCH    ?= .
FACTS    ?= ../shared/facts

.PHONY: build test race lint conformance bench fuzz example generate release

build:
	CGO_ENABLED=0 go build -trimpath -o reeve ./cmd/reeve

test:
	go test ./...

race:
	CGO_ENABLED=1 go test -race ./...

lint:
	$(GOLANGCI) run ./...

# Needs ../shared, the real logs, beside the checkout; fails without.
conformance:
	REEVE_CONFORMANCE=1 go test -count=1 -timeout 30m -run '^TestConformance$$' -v .

bench:
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

# Every fuzz target for FUZZTIME.
fuzz:
	@set -e; for p in $$(go list ./...); do \
		for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
			echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$p; \
		done; \
	done

# The logs in examples/, which are the same bytes each time.
example:
	go generate ./internal/simulate/...

# The tables of lolbas, out of FACTS.
generate:
	cd lolbas && go run gen/main.go $(abspath $(FACTS)) .

# One static binary a platform, the licences of what is in it, and digests.
release:
	rm -rf dist && mkdir -p dist/licenses/go && cp LICENSE NOTICE dist/ && cp "$$(go env GOROOT)/LICENSE" dist/licenses/go/
	@set -e; for p in $(PLATFORMS); do \
		os=$${p%/*} arch=$${p#*/} ext=; [ $$os != windows ] || ext=.exe; \
		echo "dist/reeve-$$os-$$arch$$ext"; \
		CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch go build -trimpath -buildvcs=true -ldflags '-s -w' -o "dist/reeve-$$os-$$arch$$ext" ./cmd/reeve; \
		GOOS=$$os GOARCH=$$arch go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}' ./cmd/reeve | sort -u | \
		while read -r mod dir; do \
			mkdir -p "dist/licenses/$$mod"; \
			(cd "$$dir" && find . -iname 'LICENSE*' -o -iname 'COPYING*' -o -iname 'NOTICE*') | while read -r f; do \
				mkdir -p "dist/licenses/$$mod/$$(dirname "$$f")" && cp "$$dir/$$f" "dist/licenses/$$mod/$$f"; \
			done; \
		done; \
	done
	chmod -R u+w dist
	cd dist && sha256sum reeve-* > SHA256SUMS
