using System.Runtime.InteropServices;
using Loggregator.Pipeline.Flow;

namespace Loggregator.Load.Sending;

/// <summary>
/// Wakes links when their next message is due. A thread of its own and the kernel's fine sleep, because timers are a millisecond coarse, which
/// would show in every latency. Any number of links may wait, each with a signal of its own.
/// </summary>
internal sealed partial class Pacer : IDisposable
{
    private const long Longest = 1_000_000, Shortest = 50_000; // nanoseconds of one sleep: bounds how late a new waiter is seen, and the wake-ups a second
    private readonly PriorityQueue<AsyncSignal, long> _waiting = new();
    private readonly Lock _turn = new();
    private readonly Thread _thread;
    private volatile bool _stopped;

    public Pacer()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "pacer" };
        _thread.Start();
    }

    /// <summary>Completes at <paramref name="due"/>, UNIX nanoseconds.</summary>
    public ValueTask WaitAsync(AsyncSignal signal, long due)
    {
        var wait = signal.WaitAsync();
        lock (_turn)
        {
            _waiting.Enqueue(signal, due);
        }

        return wait;
    }

    public void Dispose()
    {
        _stopped = true;
        _thread.Join();
    }

    private void Run()
    {
        while (!_stopped)
        {
            var pause = Longest;
            lock (_turn)
            {
                while (_waiting.TryPeek(out var signal, out var due))
                {
                    var left = due - Clock.Now;
                    if (left > 0)
                    {
                        pause = Math.Clamp(left, Shortest, Longest);
                        break;
                    }

                    _waiting.Dequeue();
                    signal.Set();
                }
            }

            Sleep(pause);
        }
    }

    private static void Sleep(long nanoseconds)
    {
        if (OperatingSystem.IsWindows())
        {
            Thread.Sleep(1);
            return;
        }

        var time = new TimeSpec { Nanoseconds = (nint)nanoseconds };
        _ = NanoSleep(in time, 0);
    }

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int NanoSleep(in TimeSpec time, nint remaining);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
