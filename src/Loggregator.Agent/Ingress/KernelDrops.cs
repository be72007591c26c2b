using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Loggregator.Agent.Ingress;

/// <summary>
/// Datagrams that the kernel dropped at one socket, from the socket's own counter: <c>SO_MEMINFO</c>, whose ninth number it is (Linux 4.12;
/// elsewhere nothing is known).
/// </summary>
internal sealed class KernelDrops(Socket socket)
{
    private const int SolSocket = 1, MemInfo = 55, Drops = 8, Numbers = 9;
    private uint _before;

    /// <summary>How many were dropped since the last time.</summary>
    public long Take()
    {
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        Span<uint> numbers = stackalloc uint[Numbers];
        var bytes = MemoryMarshal.AsBytes(numbers);
        try
        {
            if (socket.GetRawSocketOption(SolSocket, MemInfo, bytes) < bytes.Length)
            {
                return 0;
            }
        }
        catch (SocketException)
        {
            return 0;
        }

        var dropped = numbers[Drops] - _before; // it wraps
        _before = numbers[Drops];
        return dropped;
    }
}
