// Everything that a browser complains about while it is used: policy violations, console errors, uncaught errors.

/** Collects the complaints of all pages of a context, by three independent ways for policy violations. */
export class Watch {
  constructor(issuer) {
    this.issuer = issuer;
    this.complaints = [];
    /** Documents that the issuer answered with a page of its own, redirects left out. */
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

  /** What was complained of, and shown, since the last time. */
  take() {
    const { complaints, shown } = this;
    this.complaints = [];
    this.shown = [];
    return { complaints, shown };
  }
}
