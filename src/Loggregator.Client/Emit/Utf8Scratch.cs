using System.Buffers;
using System.Text;

namespace Loggregator.Client.Emit;

/// <summary>A text as UTF-8 for the length of a call, without allocation: on the caller's stack if it is short, else in a pooled array. What is no
/// text (a lone surrogate) becomes U+FFFD.</summary>
internal readonly ref struct Utf8Scratch
{
    /// <summary>Bytes that callers should give of their stack.</summary>
    public const int StackBytes = 256;

    private readonly byte[]? _rented;

    public Utf8Scratch(string text, Span<byte> stack)
    {
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (most > stack.Length)
        {
            stack = _rented = ArrayPool<byte>.Shared.Rent(most);
        }

        Span = stack[..Encoding.UTF8.GetBytes(text, stack)];
    }

    public ReadOnlySpan<byte> Span { get; }

    public void Dispose()
    {
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
        }
    }
}
