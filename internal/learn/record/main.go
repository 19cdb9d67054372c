// Command record drives the administration page of the emulator with a real
// Chromium, headless, through the steps that "learn" asks for, and saves what the
// browser sends and gets as a HAR file, as its developer tools do.
//
// The browser is the Chromium or Chrome on the PATH. It is never downloaded.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("record: ")
	program := flag.String("emulator", ".bin/twcloud-emulator", "the emulator's program")
	dialect := flag.String("dialect", "", "the dialect to record; empty: the assumed API")
	output := flag.String("o", "recording.har", "the recording")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: record [flags] [flags of the emulator]; a -- ends the former")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(*program, *dialect, *output, flag.Args()); err != nil {
		log.Fatal(err)
	}
}

func run(emulator, dialect, output string, args []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	page, stop, err := startEmulator(ctx, emulator, dialect, args)
	if err != nil {
		return err
	}
	defer stop()

	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true))
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {})) // It reports events that it does not know.
	defer cancel()

	recorder := &recorder{current: map[network.RequestID]*exchange{}}
	if err := chromedp.Run(ctx, recorder.start(), steps(page)); err != nil {
		return fmt.Errorf("drive the page: %w", err)
	}
	return recorder.save(output)
}

// startEmulator starts an emulator and returns the address of its page.
func startEmulator(ctx context.Context, program, dialect string, further []string) (page string, stop func(), err error) {
	program, err = filepath.Abs(program)
	if err != nil {
		return "", nil, err
	}
	args := []string{"-quiet", "-consumers", "4", "-control-address", "off", "-rest-address", "127.0.0.1:0", "-webapp-address", "127.0.0.1:0"}
	if dialect != "" {
		args = append(args, "-dialect", dialect)
	}
	command := exec.CommandContext(ctx, program, append(args, further...)...)
	command.Stderr = os.Stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := command.Start(); err != nil {
		return "", nil, fmt.Errorf("start the emulator: %w", err)
	}
	stop = func() {
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait()
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if _, address, found := strings.Cut(lines.Text(), "Administration page"); found {
			go func() { _, _ = io.Copy(io.Discard, stdout) }()
			return strings.TrimSpace(address), stop, nil
		}
	}
	stop()
	return "", nil, errors.New("the emulator does not say where its page is")
}

// steps are what "learn" asks an administrator to do.
func steps(page string) chromedp.Tasks {
	const row = `#consumers tr[data-name="twcloud-learn"] `
	const later = `#consumers tr[data-name="twcloud-learn-renamed"] `
	return chromedp.Tasks{
		chromedp.Navigate(page),
		chromedp.ActionFunc(signIn),
		press("#register"),
		fill("#register-name", "twcloud-learn"),
		fill("#register-secret", "twcloud-learn-secret-1"),
		fill("#register-secret-again", "twcloud-learn-secret-1"),
		act("#register-submit"),
		act(row + ".approve"),
		act(row + ".disapprove"),
		edit(row, "rename", "name"),
		act(later + ".approve"),
		edit(later, "set-secret", "secret", "secret-again"),
		press(later + ".remove"),
		act("#remove-submit"),
		press("#sign-out"),
		wait("document.getElementById('consumers') === null || document.body.dataset.state === 'signed-out'"),
	}
}

// signIn fills the pages that ask for credentials, until there is the administration
// page and has loaded its consumers.
func signIn(ctx context.Context) error {
	const asked, ready = "!!document.getElementById('sign-in')?.checkVisibility()", "document.body?.dataset.state === 'ready'"
	for {
		var there bool
		tasks := chromedp.Tasks{wait(asked + " || " + ready), chromedp.Evaluate(ready, &there)}
		if err := tasks.Do(ctx); err != nil || there {
			return err
		}
		for input, text := range map[string]string{"#username": "admin", "#password": "admin-password"} {
			var has bool
			if err := chromedp.Evaluate(fmt.Sprintf("!!document.querySelector(%q)", input), &has).Do(ctx); err != nil {
				return err
			}
			if has {
				if err := chromedp.SendKeys(input, text, chromedp.ByQuery).Do(ctx); err != nil {
					return err
				}
			}
		}
		// The button goes with the page, or is hidden.
		tasks = chromedp.Tasks{
			chromedp.Evaluate("document.getElementById('sign-in').dataset.pressed = true", nil), press("#sign-in"),
			wait("!document.querySelector('#sign-in[data-pressed]')?.checkVisibility()"),
		}
		if err := tasks.Do(ctx); err != nil {
			return err
		}
	}
}

// wait waits until an expression is true, on this page or on the next one.
func wait(expression string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		for {
			var met bool
			// A page that is being left has nothing to evaluate.
			if err := chromedp.Evaluate("document.readyState === 'complete' && ("+expression+")", &met).Do(ctx); err == nil && met {
				return nil
			}
			if err := chromedp.Sleep(20 * time.Millisecond).Do(ctx); err != nil {
				return fmt.Errorf("%s: %w", expression, err)
			}
		}
	})
}

// edit opens a dialog, fills its inputs, and submits it. Where name and secret have
// one dialog, it leaves the rest of it as it is.
func edit(row, button string, inputs ...string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		var own bool
		if err := chromedp.Evaluate(fmt.Sprintf("!!document.querySelector('%s.%s')", row, button), &own).Do(ctx); err != nil {
			return err
		}
		dialog := map[string]string{"rename": "rename", "set-secret": "secret"}[button]
		if !own {
			button, dialog = "edit", "edit"
		}
		tasks := chromedp.Tasks{press(row + "." + button)}
		for _, input := range inputs {
			text := "twcloud-learn-secret-2"
			if input == "name" {
				text = "twcloud-learn-renamed"
			}
			tasks = append(tasks, fill("#"+dialog+"-"+input, text))
		}
		return append(tasks, act("#"+dialog+"-submit")).Do(ctx)
	})
}

func press(selector string) chromedp.Action { return chromedp.Click(selector, chromedp.ByQuery) }

// fill replaces what an input holds.
func fill(selector, text string) chromedp.Action {
	return chromedp.Tasks{
		chromedp.WaitVisible(selector, chromedp.ByQuery),
		chromedp.Evaluate(fmt.Sprintf("document.querySelector(%q).value = ''", selector), nil),
		chromedp.SendKeys(selector, text, chromedp.ByQuery),
	}
}

// act clicks and waits until the page has done what it does.
func act(selector string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		var done int
		read := chromedp.Evaluate("Number(document.body.dataset.done)", &done)
		if err := chromedp.Run(ctx, read, press(selector)); err != nil {
			return fmt.Errorf("%s: %w", selector, err)
		}
		var ready bool
		wait := fmt.Sprintf("Number(document.body.dataset.done) > %d && document.body.dataset.state === 'ready'", done)
		if err := chromedp.Poll(wait, &ready).Do(ctx); err != nil {
			return fmt.Errorf("%s: %w", selector, err)
		}
		var message string
		if err := chromedp.Evaluate("document.getElementById('message').hidden ? '' : document.getElementById('message').textContent", &message).Do(ctx); err != nil {
			return err
		}
		if message != "" {
			return fmt.Errorf("%s: the page says %q", selector, message)
		}
		return nil
	})
}
