namespace Loggregator.IntegrationTests.Sinks;

internal enum SyslogDaemon
{
    Rsyslog,
    SyslogNg,
}
