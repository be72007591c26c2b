using System.Runtime.InteropServices;

namespace Loggregator.Hosting;

/// <summary>SIGINT and SIGTERM of the process: the first asks for an orderly end, a second one ends at once.</summary>
internal sealed class Signals : IDisposable
{
    private const int Interrupted = 130;
    private readonly CancellationTokenSource _first = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Action<int> _exit;
    private int _seen;

    /// <param name="exit">Ends the process; replaced in tests.</param>
    public Signals(Action<int>? exit = null)
    {
        _exit = exit ?? Environment.Exit;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        ];
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Stopping => _first.Token;

    /// <summary>Acts as a signal does.</summary>
    public void Raise()
    {
        if (Interlocked.Increment(ref _seen) == 1)
        {
            _first.Cancel();
        }
        else
        {
            _exit(Interrupted);
        }
    }

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _first.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        Raise();
    }
}
