using Microsoft.Extensions.Logging;

namespace Loggregator.Agent;

internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Information, "Doppler {Name} at {Address} answers.")]
    public static partial void DopplerAnswers(ILogger log, string name, string address);

    [LoggerMessage(1002, LogLevel.Information, "Doppler {Name} at {Address} leaves; its lanes finish and move.")]
    public static partial void DopplerLeaves(ILogger log, string name, string address);

    [LoggerMessage(1003, LogLevel.Warning, "Doppler {Name} at {Address} is dead: {Reason}. Its lanes move to the others; it is tried again, at least every 5 s.")]
    public static partial void DopplerDied(ILogger log, string name, string address, string reason);

    [LoggerMessage(1004, LogLevel.Warning, "The Doppler at {Address} cannot be reached: {Reason}. It is tried again, at least every 5 s.")]
    public static partial void DopplerUnreachable(ILogger log, string address, string reason);

    [LoggerMessage(1005, LogLevel.Information, "Lane {Lane} goes to Doppler {Name} at {Address}.")]
    public static partial void LaneMoved(ILogger log, int lane, string name, string address);

    [LoggerMessage(1006, LogLevel.Warning, "The ring of {Bytes} bytes is full: the oldest envelopes of the heaviest sources are dropped and counted.")]
    public static partial void RingOverflows(ILogger log, long bytes);

    [LoggerMessage(1007, LogLevel.Information, "The ring has room again; {Count} envelopes were dropped.")]
    public static partial void RingRecovered(ILogger log, long count);

    [LoggerMessage(1008, LogLevel.Information, "The agent has stopped: {Confirmed} envelopes confirmed, {Unconfirmed} unconfirmed, {Dropped} dropped unsent.")]
    public static partial void Stopped(ILogger log, long confirmed, long unconfirmed, long dropped);

    [LoggerMessage(1009, LogLevel.Information, "Agent {AgentId} ships over {Lanes} lanes to {Dopplers}.")]
    public static partial void Started(ILogger log, string agentId, int lanes, string dopplers);

    [LoggerMessage(
        1011,
        LogLevel.Warning,
        "No Doppler answers. Envelopes wait in the ring, {Bytes} bytes; when it is full, the oldest of the heaviest sources are dropped and counted.")]
    public static partial void NoDoppler(ILogger log, long bytes);

    [LoggerMessage(1012, LogLevel.Warning, "No Doppler took the last {Count} envelopes before the stop, and they are lost: {Sources}.")]
    public static partial void LostAtStop(ILogger log, long count, string sources);

    [LoggerMessage(1013, LogLevel.Warning, "No Doppler confirmed {Count} envelopes before the stop, and they may be lost: {Sources}.")]
    public static partial void UnconfirmedAtStop(ILogger log, long count, string sources);

    [LoggerMessage(1014, LogLevel.Information, "Dropsonde v1 is taken at UDP {EndPoint}; the kernel buffers {Bytes} bytes of it.")]
    public static partial void UdpListens(ILogger log, System.Net.IPEndPoint endPoint, int bytes);

    [LoggerMessage(1015, LogLevel.Warning, "The kernel grants {Granted} bytes for datagrams that wait, not {Wanted}: bursts may be lost. Raise net.core.rmem_max, or lower Agent:UdpReceiveBufferBytes.")]
    public static partial void UdpBufferIsSmall(ILogger log, int wanted, int granted);

    [LoggerMessage(1016, LogLevel.Warning, "Reading datagrams failed: {Error}. It goes on.")]
    public static partial void UdpReadFailed(ILogger log, System.Net.Sockets.SocketError error);

    [LoggerMessage(1017, LogLevel.Warning, "The kernel has dropped {Count} datagrams in the last second: they came faster than they were read.")]
    public static partial void UdpOverflows(ILogger log, long count);

    [LoggerMessage(1010, LogLevel.Warning, "Producers send envelopes that are no valid protobuf or UTF-8: {Count} were dropped in the last second, each alone.")]
    public static partial void InvalidEnvelopes(ILogger log, long count);
}
