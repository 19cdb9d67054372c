package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// What the playground says is to be pasted is pasted here, too.
func TestAccPlayground(t *testing.T) {
	needCLI(t)
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no POSIX shell")
	}
	temporary := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cache := t.TempDir()
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := playground(ctx, newNarrator(writer, false), place{cacheDir: cache, rest: "127.0.0.1:0", webApp: "127.0.0.1:0", control: "127.0.0.1:0"})
		ended <- err
		_ = writer.CloseWithError(err)
	}()

	var told strings.Builder
	lines := bufio.NewScanner(io.TeeReader(reader, &told))
	var script strings.Builder
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "2  ") {
		if script.Len() > 0 || strings.HasPrefix(lines.Text(), "export ") {
			script.WriteString(lines.Text() + "\n")
		}
	}
	for lines.Scan() && !strings.Contains(lines.Text(), "Ctrl-C") {
	}
	if !lines.Scan() {
		t.Fatalf("the playground has closed: %v\n%s", <-ended, told.String())
	}
	rest := make(chan struct{})
	go func() {
		defer close(rest)
		for lines.Scan() {
		}
	}()

	paste := exec.CommandContext(t.Context(), shell, "-e", "-c", script.String())
	paste.Env = append(neutralEnvironment(os.Environ()), "TMPDIR="+temporary, "CHECKPOINT_DISABLE=1")
	paste.Stdin = strings.NewReader("yes\n")
	output, err := paste.CombinedOutput()
	if err != nil || !strings.Contains(string(output), "1 added") {
		t.Errorf("what is to be pasted does not work: %v\n%s\n%s", err, script.String(), output)
	}

	cancel()
	if err := <-ended; err != nil {
		t.Errorf("error %v, want none", err)
	}
	<-rest
	for _, want := range []string{
		" │ rest   POST   /osmc/admin/oauthconsumers -> 201 Created",
		"   1 consumer on the server, gone with it", `     "DOORS Next", approved, key `, "   0 sessions open, of 2 that were opened",
	} {
		if !strings.Contains(told.String(), want) {
			t.Errorf("%q is missing in\n%s", want, told.String())
		}
	}
	left, err := os.ReadDir(cache)
	if err != nil || len(left) > 0 {
		t.Errorf("left %v behind, %v", left, err)
	}
}

func TestOpenPark_portsTaken(t *testing.T) {
	t.Parallel()
	var network net.ListenConfig
	for name, take := range map[string]func(at *place, taken string){
		"REST API":                 func(at *place, taken string) { at.rest = taken },
		"Web Application Platform": func(at *place, taken string) { at.webApp = taken },
		"control page":             func(at *place, taken string) { at.control = taken },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := network.Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			at := place{rest: "127.0.0.1:0", webApp: "127.0.0.1:0", control: "127.0.0.1:0"}
			take(&at, listener.Addr().String())
			var told strings.Builder
			p, err := openPark(t.Context(), newNarrator(&told, false), at)
			if err != nil {
				t.Fatal(err)
			}
			defer p.close()
			if !strings.Contains(told.String(), "Free ports are used: ") {
				t.Errorf("told %q, want that other ports are used", told.String())
			}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.admin+"/", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Errorf("the control page answers %s", response.Status)
			}
		})
	}
}

func TestShellWord(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"http://127.0.0.1:8111": "http://127.0.0.1:8111",
		"/a b/it's":             `'/a b/it'\''s'`,
		"":                      "''",
	} {
		if got := shellWord(word); got != want {
			t.Errorf("%q: got %s, want %s", word, got, want)
		}
	}
}

func TestFarewell(t *testing.T) {
	t.Parallel()
	var told strings.Builder
	p := &park{tell: newNarrator(&told, false), server: twcloudtest.New(t)}
	p.server.AddConsumer(twcloudtest.Consumer{Key: "k1", Name: "One", Secret: "s1", Approved: true})
	p.server.AddConsumer(twcloudtest.Consumer{Key: "k2", Name: "Two", Secret: "s2"})
	p.farewell("/cache")
	for _, want := range []string{"2 consumers on the server", `"One", approved, key k1`, `"Two", not approved, key k2`, "0 sessions open, of 0", "/cache is removed"} {
		if !strings.Contains(told.String(), want) {
			t.Errorf("%q is missing in\n%s", want, told.String())
		}
	}
}
