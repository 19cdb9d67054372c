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
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

// program is a running program.
type program struct {
	t                        *testing.T
	rest, control, page, log string
	stop                     func() int
}

// launch starts the program and waits until it has said everything.
func launch(t *testing.T, args ...string) *program {
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
			writer, &stderr)
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
	e := &program{t: t, page: page.String()}
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

// find returns the last group of an expression that must match the welcome.
func (e *program) find(expression string) string {
	e.t.Helper()
	found := regexp.MustCompile(expression).FindStringSubmatch(e.page)
	if found == nil {
		e.stop()
		e.t.Fatalf("%s is not in\n%s%s", expression, e.page, e.log)
	}
	return found[len(found)-1]
}

// run runs a command and returns what it says.
func (e *program) run(want int, args ...string) string {
	e.t.Helper()
	var out bytes.Buffer
	args = append(args[:1:1], append([]string{"-control-address", e.control}, args[1:]...)...)
	if got := run(e.t.Context(), args, &out, &out); got != want {
		e.t.Errorf("%q: status %d, want %d: %s", args, got, want, out.String())
	}
	return out.String()
}

// get calls the emulator and returns the status.
func (e *program) get(client *http.Client, url string) int {
	e.t.Helper()
	response, err := client.Get(url)
	if err != nil {
		e.t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

func TestEmulator_commands(t *testing.T) {
	t.Parallel()
	e := launch(t, "-consumers", "10", "-seats", "3")
	for _, step := range []struct {
		status int
		args   []string
		want   string
	}{
		{0, []string{"list"}, `Test management +\w{32} +approved\nChange management +\w{32} +not approved\n(.|\n)*Requirements tool 2 `},
		{0, []string{"add", "Jama", "geheim"}, `Registered "Jama" \(key \w{32}, not approved\)`},
		{0, []string{"add", "-approved", "-key", "chosen", "Polarion", "geheim"}, `Registered "Polarion" \(key chosen, approved\)`},
		{1, []string{"add", "-key", "chosen", "Other", "geheim"}, `already`},
		{2, []string{"add", "-approved", "Other"}, `usage: twcloud-emulator add \[-approved\]`},
		{0, []string{"list", "-json"}, `^\[\n  \{\n(.|\n)*"key": "chosen",\n    "name": "Polarion",\n    "approved": true\n  \}\n\]\n$`},
		{0, []string{"add", "-key", "k\x1b2", "a\nb", "geheim"}, `Registered "a\\nb" \(key "k\\x1b2", not approved\)`},
		{0, []string{"list"}, `\n"a\\nb" +"k\\x1b2" +not approved\n`},
		{0, []string{"approve", "Jama"}, `Changed "Jama" \(key \w{32}, approved\)`},
		{0, []string{"disapprove", "Jama"}, `not approved`},
		{0, []string{"set-secret", "Jama", "new"}, `Changed`},
		{0, []string{"rename", "Jama", "Test management"}, `Changed "Test management"`},
		{1, []string{"remove", "Test management"}, `2 consumers have the name`},
		{0, []string{"remove", "Change management"}, `Removed`},
		{1, []string{"remove", "Change management"}, `no consumer has`},
		{0, []string{"sessions"}, `^REST API: 0 of 3 seats taken; 0 logins.*\nWeb Application Platform: 0 sessions; 0 sign-ins.*\n$`},
		{0, []string{"expire-sessions", "-applications"}, `applications have expired`},
		{0, []string{"expire-sessions"}, `expired`},
		{0, []string{"fault", "half-body"}, `The next request that matches gets half-body`},
		{0, []string{"clear-faults"}, `No faults`},
		{0, []string{"fault", "-times", "2", "half-body"}, `The next 2 requests that match get half-body`},
		{0, []string{"fault", "-times", "-1", "half-body"}, `From now on, each request that matches gets half-body`},
		{0, []string{"clear-faults"}, `No faults are pending`},
		{1, []string{"fault", "-times", "-2", "half-body"}, `must be positive, or -1`},
		{1, []string{"fault", "-status", "400", "half-body"}, `only answer-with takes`},
		{1, []string{"fault", "nonsense"}, `the kinds are \[drop-before `},
		{2, []string{"fault"}, `usage: twcloud-emulator fault`},
		{2, []string{"approve"}, `usage: twcloud-emulator approve CONSUMER`},
		{2, []string{"rename", "a"}, `usage: `},
		{2, []string{"list", "-nonsense"}, `-nonsense`},
		{0, []string{"requests"}, `^NO\. .*\n$`},
	} {
		if got := e.run(step.status, step.args...); !regexp.MustCompile(step.want).MatchString(got) {
			t.Errorf("%q says %q, want %q", step.args, got, step.want)
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.rest+"/osmc/login", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(emulator.AdminName, emulator.AdminPassword)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	e.run(0, "fault", "status-503-after")
	e.get(http.DefaultClient, e.rest+"/osmc/version")
	for _, step := range [][2]string{
		{"sessions", `1 of 3 seats taken; 1 logins(.|\n)*1 +admin +\d\d:.* REST API`},
		{"requests", `1 +rest +GET +/osmc/login +204 +Basic(.|\n)*/osmc/version +503 \(status-503-after\)`},
		{"clear-requests", `empty`},
		{"requests", `^NO\. .*\n$`},
	} {
		if got := e.run(0, step[0]); !regexp.MustCompile(step[1]).MatchString(got) {
			t.Errorf("%s says %q, want %q", step[0], got, step[1])
		}
	}
	if status := e.stop(); status != 0 {
		t.Errorf("status %d", status)
	}
	if want := "rest   GET    /osmc/login -> 204 No Content\nrest   GET    /osmc/version -> status-503-after\n"; e.log != want {
		t.Errorf("log %q", e.log)
	}
	e.run(1, "list")
}

func TestEmulator_tls(t *testing.T) {
	t.Parallel()
	e := launch(t, "-mutual-tls", "-quiet")
	ca, certificateFile, keyFile := e.find(`CA_CERTIFICATE_FILE='(.*)'`), e.find(`CLIENT_CERTIFICATE_FILE='(.*)'`), e.find(`CLIENT_KEY_FILE='(.*)'`)
	content, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := tls.LoadX509KeyPair(certificateFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(content)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{certificate}}}
	defer transport.CloseIdleConnections()
	e.get(&http.Client{Transport: transport}, e.rest+"/osmc/version")
	if status := e.stop(); status != 0 || e.log != "" {
		t.Errorf("status %d, log %q", status, e.log)
	}
	if _, err := os.Stat(filepath.Dir(keyFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the key is still there: %v", err)
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
		{2, "nonsense", `no command "nonsense"`},
		{2, "serve nonsense", `no command or flag "nonsense"`},
		{0, "-help", "-legacy-root-services"},
		{0, "-help", "set-secret CONSUMER SECRET"},
		{0, "-help", "  half-body                 handled; half of the response"},
		{0, "-help", "  json-ld\n"},
		{0, "-dialect list", "  json-ld\n"},
		{1, "-dialect nonsense", "the dialects are absent-approval, "},
		{1, "profile nonsense", "the dialects are"},
		{2, "profile", "usage: "},
		{2, "-dialect rpc -profile x", "exclude each other"},
		{1, "-profile /nowhere/x", "/nowhere/x"},
		{2, "-nonsense", "-nonsense"},
		{2, "-seats -1", "must not be negative"},
		{2, "-page-size -1", "must not be negative"},
		{2, "-idle-timeout 0", "must be positive"},
		{2, "-platform-idle-timeout 0", "must be positive"},
		{2, "-token-lifetime 0", "must be positive"},
		{2, "-quirk nonsense", "the quirks are single-sign-on, "},
		{0, "-help", "  auto-submit\n"},
		{2, "-authentication-address example.com:1", "not a loopback address"},
		{2, "-license-status 500", "must be 503 or 403"},
		{2, "-rest-address 0.0.0.0:0", "not a loopback address"},
		{2, "-control-address :8112", "not a loopback address"},
		{2, "-webapp-address example.com:1", "not a loopback address"},
		{1, "-rest-address 127.0.0.1:1x", "unable to listen"},
	} {
		var out bytes.Buffer
		if status := run(t.Context(), strings.Fields(test.args), &out, &out); status != test.status || !strings.Contains(out.String(), test.want) {
			t.Errorf("%s: status %d, %s", test.args, status, out.String())
		}
	}
}

func TestEmulator_platform(t *testing.T) {
	t.Parallel()
	e := launch(t, "-dialect", "webapp-forms", "-quiet", "-one-origin", "-load-balancer", "-authentication-address", "localhost:0", "-quirk", "german", "-quirk", "remember-me")
	address := e.find(`TWCLOUD_AUTHENTICATION_ENDPOINT='(http://localhost:\d+)'`)
	if e.rest != e.find(`Web Application Platform +(\S+)`) || address != e.find(`Authentication server +(\S+)`) {
		t.Errorf("the welcome is %s", e.page)
	}
	for _, secret := range []string{emulator.AuthSecret, emulator.ClientID, emulator.ClientSecret} {
		e.find(`(` + secret + `)`)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := (&http.Client{Jar: jar}).Get(e.find(`Administration page +(\S+)`))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil || !bytes.Contains(page, []byte("<title>Anmelden")) || !bytes.Contains(page, []byte(`id="remember-me"`)) {
		t.Errorf("%v: %s", err, page)
	}
}

func TestEmulator_dialect(t *testing.T) {
	t.Parallel()
	e := launch(t, "-dialect", "oauth-clients", "-consumers", "1")
	e.find(`twcloud-emulator profile oauth-clients >profile.json`)
	launch(t, "-dialect", "put-all").find(`Authentication server +(http://localhost:\d+)`)
	e.find(`TWCLOUD_API_PROFILE_FILE='/`)
	launch(t, "-dialect", "rpc").find(`TWCLOUD_TOKEN='(` + emulator.AdminToken + `)'`)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	if status := e.get(&http.Client{Jar: jar}, e.find(`Administration page +(\S+)`)); status != http.StatusOK {
		t.Errorf("the administration page answers %d", status)
	}

	// The profile that the program prints is one that it takes.
	var document, message bytes.Buffer
	if status := run(t.Context(), []string{"profile", "oauth-clients"}, &document, &message); status != 0 {
		t.Fatal(message.String())
	}
	file := filepath.Join(t.TempDir(), "profile.json")
	if err := os.WriteFile(file, document.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	launch(t, "-profile", file).find(`TWCLOUD_API_PROFILE_FILE='` + regexp.QuoteMeta(file))
	if err := os.WriteFile(file, []byte(`{"profile": 2, "nonsense": 2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if status := run(t.Context(), []string{"-profile", file}, io.Discard, &message); status != 1 || !strings.Contains(message.String(), "/nonsense") {
		t.Errorf("status %d, %s", status, message.String())
	}
}

// Who cannot have a port is told which flag names another one.
func TestEmulator_portTaken(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for _, taken := range []string{"-rest-address", "-webapp-address", "-control-address"} {
		args := []string{"-quiet"}
		for _, flag := range []string{"-rest-address", "-webapp-address", "-control-address"} {
			address := "127.0.0.1:0"
			if flag == taken {
				address = listener.Addr().String()
			}
			args = append(args, flag, address)
		}
		var out bytes.Buffer
		if status := run(t.Context(), args, &out, &out); status != 1 || !strings.Contains(out.String(), taken+" names another address") {
			t.Errorf("%s: status %d, %s", taken, status, out.String())
		}
	}
}
