// Everything that a browser reports while it is used: policy violations, console errors, uncaught errors.

/** Collects the reports of all pages of a context; policy violations by three independent methods. */
export class Watch {
  constructor(issuer) {
    this.issuer = issuer;
    this.complaints = [];
    /** Pages of the issuer, without redirects. */
    this.shown = [];
  }

  async on(page) {
    await page.exposeFunction('tellViolation', (text) => this.complaints.push(`violation: ${text}`));
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        window.tellViolation(`${event.violatedDirective} ${event.blockedURI} at ${event.documentURI}`);
      });
    });
    const session = await page.context().newCDPSession(page);
    await session.send('Audits.enable');
    session.on('Audits.issueAdded', ({ issue }) => {
      if (issue.code === 'ContentSecurityPolicyIssue') {
        this.complaints.push(`issue: ${JSON.stringify(issue.details.contentSecurityPolicyIssueDetails)}`);
      }
    });
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(`console: ${message.text()} at ${message.location().url}`);
    });
    page.on('pageerror', (error) => this.complaints.push(`uncaught: ${error}`));
    page.on('response', (response) => {
      const isDocument = response.request().resourceType() === 'document';
      const isRedirect = response.status() >= 300 && response.status() < 400;
      const { origin, pathname } = new URL(response.url());
      if (isDocument && !isRedirect && origin === this.issuer) this.shown.push(`${response.status()} ${pathname}`);
    });
    return page;
  }

  /** The reports and pages since the last call. */
  take() {
    const { complaints, shown } = this;
    this.complaints = [];
    this.shown = [];
    return { complaints, shown };
  }
}
