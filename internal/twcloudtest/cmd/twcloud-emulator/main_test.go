package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// emulator is a running program.
type emulator struct {
	t                        *testing.T
	rest, control, page, log string
	stop                     func() int
}

// launch starts the program and waits until it has said everything.
func launch(t *testing.T, args ...string) *emulator {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	status := make(chan int, 1)
	var stderr bytes.Buffer
	go func() {
		status <- run(ctx, append([]string{"-rest-address", "127.0.0.1:0", "-webapp-address", "127.0.0.1:0", "-control-address", "127.0.0.1:0"}, args...),
			strings.NewReader(""), writer, &stderr)
		writer.Close()
	}()
	var page strings.Builder
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		page.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), `"twcloud-emulator -help"`) {
			break
		}
	}
	e := &emulator{t: t, page: page.String()}
	e.stop = func() int {
		cancel()
		for lines.Scan() { // Until the program has closed its end.
		}
		code := <-status
		e.log = stderr.String()
		status <- code
		return code
	}
	t.Cleanup(func() { e.stop(); reader.Close() })
	e.rest, e.control = e.find(`REST API +(\S+)`), e.find(`Control page +http://(\S+)/`)
	return e
}

func (e *emulator) find(expression string) string {
	e.t.Helper()
	found := regexp.MustCompile(expression).FindStringSubmatch(e.page)
	if found == nil {
		e.stop()
		e.t.Fatalf("%s is not in\n%s%s", expression, e.page, e.log)
	}
	return found[1]
}

// run runs a command and returns what it says.
func (e *emulator) run(want int, stdin string, args ...string) string {
	e.t.Helper()
	var out bytes.Buffer
	args = append(args[:1:1], append([]string{"-control-address", e.control}, args[1:]...)...)
	if got := run(e.t.Context(), args, strings.NewReader(stdin), &out, &out); got != want {
		e.t.Errorf("%q: status %d, want %d: %s", args, got, want, out.String())
	}
	return out.String()
}

func TestEmulator_commands(t *testing.T) {
	t.Parallel()
	e := launch(t, "-consumers", "10", "-seats", "3")
	for _, step := range []struct {
		status int
		stdin  string
		args   []string
		want   string
	}{
		{0, "", []string{"list"}, `Change management +\w{32} +not approved\n`},
		{0, "", []string{"add", "-key", "k/1", "Jama", "geheim"}, `Registered "Jama" \(key k/1, not approved\)`},
		{1, "", []string{"add", "-key", "k/1", "Jama", "geheim"}, `already exists`},
		{0, "", []string{"approve", "Jama", "Change management"}, `approved(.|\n)*Change management`},
		{0, "", []string{"rename", "k/1", "Test management"}, `Changed "Test management" \(key k/1, approved`},
		{1, "", []string{"remove", "Test management"}, `2 consumers have the name`},
		{0, "-new\n", []string{"set-secret", "k/1", "-"}, `Changed`},
		{1, "", []string{"set-secret", "k/1", "-"}, `no secret on standard input`},
		{0, "", []string{"list", "-secrets"}, `k/1 +approved +-new\n`},
		{0, "", []string{"set-secret", "k/1", "--"}, `Changed`},
		{0, "", []string{"disapprove", "k/1"}, `not approved`},
		{0, "", []string{"list", "-json"}, `"key": "k/1",\n +"name": "Test management",\n +"approved": false`},
		{0, "", []string{"remove", "k/1"}, `Removed`},
		{1, "", []string{"remove", "k/1"}, `no consumer has`},
		{0, "", []string{"sessions"}, `0 of 3 seats taken`},
		{0, "", []string{"sessions", "-json"}, `"seats": 3`},
		{0, "", []string{"expire-sessions"}, `expired`},
		{0, "", []string{"fault", "-index", "7", "half-body"}, `Request 7 gets half-body`},
		{0, "", []string{"fault", "-list"}, `drop-before\n(.|\n)*1 pending`},
		{0, "", []string{"fault", "-clear"}, `No faults`},
		{1, "", []string{"fault", "nonsense"}, `no kind of fault`},
		{2, "", []string{"fault"}, `usage: twcloud-emulator fault`},
		{2, "", []string{"approve"}, `usage: twcloud-emulator approve CONSUMER`},
		{2, "", []string{"rename", "a"}, `usage: `},
		{2, "", []string{"list", "-nonsense"}, `-nonsense`},
		{0, "", []string{"requests"}, `There are no requests`},
	} {
		if got := e.run(step.status, step.stdin, step.args...); !regexp.MustCompile(step.want).MatchString(got) {
			t.Errorf("%q says %q, want %q", step.args, got, step.want)
		}
	}
	response, err := http.Get(e.rest + "/osmc/version")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if got := e.run(0, "", "requests", "-reset"); !strings.Contains(got, "/osmc/version  200") {
		t.Errorf("requests say %q", got)
	}
	if got := e.run(0, "", "requests", "-json"); got != "[]\n" {
		t.Errorf("requests say %q", got)
	}
	if status := e.stop(); status != 0 {
		t.Errorf("status %d", status)
	}
	if e.log != "rest   GET    /osmc/version -> 200 OK\n" {
		t.Errorf("log %q", e.log)
	}
	e.run(1, "", "list")
}

func TestEmulator_tls(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	e := launch(t, "-mutual-tls", "-ca-file", file("ca.pem"), "-client-cert-file", file("c.pem"), "-client-key-file", file("k.pem"),
		"-user", "o'hara:p w:t:viewer", "-quiet", "-oauth-consumers-path", "/osmc/x")
	for _, want := range []string{
		`TWCLOUD_USERNAME='o'\''hara'`, "TWCLOUD_PASSWORD='p w'", "TWCLOUD_CA_CERTIFICATE_FILE=" + quote(file("ca.pem")),
		"TWCLOUD_CLIENT_KEY_FILE=" + quote(file("k.pem")), "TWCLOUD_OAUTH_CONSUMERS_PATH=/osmc/x", "without Configure Server",
	} {
		if !strings.Contains(e.page, want) {
			t.Errorf("%s is not in\n%s", want, e.page)
		}
	}
	ca, err := os.ReadFile(file("ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := tls.LoadX509KeyPair(file("c.pem"), file("k.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{certificate}}}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get(e.rest + "/osmc/version")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if status := e.stop(); status != 0 || e.log != "" {
		t.Errorf("status %d, log %q", status, e.log)
	}
	if _, err := os.Stat(file("k.pem")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the key is still there: %v", err)
	}
}

func TestEmulator_keepsOtherFiles(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	status := run(t.Context(), []string{"-rest-address", "127.0.0.1:0", "-webapp-address", "127.0.0.1:0", "-control-address", "off", "-tls", "-ca-file", file},
		strings.NewReader(""), &out, &out)
	if content, err := os.ReadFile(file); status != 1 || err != nil || string(content) != "precious" {
		t.Errorf("status %d, content %q, %v: %s", status, content, err, out.String())
	}
}

func TestEmulator_commandLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status int
		args   string
		want   string
	}{
		{0, "-help", "Start an emulator"},
		{0, "help", "Start an emulator"},
		{0, "list -h", "Start an emulator"},
		{0, "-seats 1 -help", "Start an emulator"},
		{0, "-version", "twcloud-emulator "},
		{2, "nonsense", `no command "nonsense"`},
		{2, "serve nonsense", `no command or flag "nonsense"`},
		{0, "-help", "-license-status"},
		{0, "-help", "set-secret CONSUMER SECRET"},
		{0, "-help", "  json-ld\n"},
		{0, "-dialect list", "  json-ld\n"},
		{1, "-dialect nonsense", "the dialects are absent-approval, "},
		{1, "profile nonsense", "the dialects are"},
		{2, "profile", "usage: "},
		{2, "-dialect rpc -profile x", "exclude each other"},
		{1, "-profile /nowhere/x", "/nowhere/x"},
		{2, "-nonsense", "-nonsense"},
		{2, "-rest-address 0.0.0.0:0", "-allow-remote"},
		{2, "-control-address :8112", "-allow-remote"},
		{2, "-webapp-address example.com:1", "-allow-remote"},
		{2, "-rest-address localhost", "a host and a port"},
		{2, "-seats -1", "negative"},
		{2, "-idle-timeout 0s", "positive"},
		{2, "-license-status 500", "503 or 403"},
		{2, "-user admin", "NAME:PASSWORD"},
		{2, "-user a:b:c:admin", "viewer"},
		{1, "-rest-address 127.0.0.1:1x", "unable to listen"},
	} {
		var out bytes.Buffer
		if status := run(t.Context(), strings.Fields(test.args), strings.NewReader(""), &out, &out); status != test.status || !strings.Contains(out.String(), test.want) {
			t.Errorf("%s: status %d, %s", test.args, status, out.String())
		}
	}
}

func TestEmulator_dialect(t *testing.T) {
	t.Parallel()
	e := launch(t, "-dialect", "oauth-clients", "-consumers", "1")
	for _, want := range []string{"twcloud-emulator profile oauth-clients >profile.json", "TWCLOUD_API_PROFILE_FILE=/"} {
		if !strings.Contains(e.page, want) {
			t.Errorf("%s is not in\n%s", want, e.page)
		}
	}
	response, err := http.Get(e.find(`Administration page +(\S+)`))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("the administration page answers %s", response.Status)
	}

	// The profile that the program prints is one that it takes.
	var document, message bytes.Buffer
	if status := run(t.Context(), []string{"profile", "oauth-clients"}, strings.NewReader(""), &document, &message); status != 0 {
		t.Fatal(message.String())
	}
	file := filepath.Join(t.TempDir(), "profile.json")
	if err := os.WriteFile(file, document.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if page := launch(t, "-profile", file).page; !strings.Contains(page, "TWCLOUD_API_PROFILE_FILE="+quote(file)) {
		t.Errorf("%s is not in\n%s", file, page)
	}
	if err := os.WriteFile(file, []byte(`{"profile": 1, "nonsense": 2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if status := run(t.Context(), []string{"-profile", file}, strings.NewReader(""), io.Discard, &message); status != 1 || !strings.Contains(message.String(), "/nonsense") {
		t.Errorf("status %d, %s", status, message.String())
	}
}

func TestMakeConsumers(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	makeConsumers(server, 20)
	names := map[string]bool{}
	approved := 0
	for _, c := range server.Consumers() {
		names[c.Name] = true
		if c.Approved {
			approved++
		}
	}
	if len(names) != 20 || approved != 14 {
		t.Errorf("%d names, %d approved", len(names), approved)
	}
}
