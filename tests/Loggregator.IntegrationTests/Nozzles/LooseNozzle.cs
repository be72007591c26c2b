using Loggregator.Client.Connect;
using Loggregator.Nozzle;
using Loggregator.TestKit.Faults;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Loggregator.IntegrationTests.Nozzles;

/// <summary>A nozzle's service without a host, for what a cluster does not offer.</summary>
internal sealed class LooseNozzle : IAsyncDisposable
{
    private readonly ILoggerFactory _logs;
    private bool _running;

    public LooseNozzle(NozzleOptions options, ErrorRecorder errors)
    {
        _logs = LoggerFactory.Create(logging => logging.AddProvider(errors.Of("nozzle")));
        Service = new NozzleService(options, new PeerConnector(), TimeProvider.System, _logs, new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance));
    }

    public NozzleService Service { get; }

    public async Task StartAsync()
    {
        await Service.StartAsync(CancellationToken.None);
        _running = true;
    }

    public async Task StopAsync()
    {
        _running = false;
        await Service.StopAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (_running)
        {
            await StopAsync();
        }

        Service.Dispose();
        _logs.Dispose();
    }
}
