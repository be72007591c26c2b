using System.Text;

namespace Loggregator.Pipeline.Flow;

/// <summary>The wire texts of <see cref="LossReason"/>.</summary>
public static class LossReasonText
{
    private static readonly string[] Texts =
        ["ring_full", "evicted", "invalid", "too_large", "peer_gone", "unconfirmed", "shutdown", "slow_consumer", "udp_kernel", "forbidden", "refused"];

    private static readonly byte[][] Utf8Texts = [.. Texts.Select(Encoding.UTF8.GetBytes)];

    /// <summary>The number of reasons.</summary>
    public static int Count => Texts.Length;

    /// <summary>The text, for example <c>ring_full</c>.</summary>
    public static string Text(this LossReason reason) => Texts[(int)reason];

    /// <summary>The text in UTF-8.</summary>
    public static ReadOnlySpan<byte> Utf8(this LossReason reason) => Utf8Texts[(int)reason];
}
