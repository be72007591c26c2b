using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Text.Unicode;

namespace Loggregator.Protocol.Envelopes;

/// <summary>The check of proto3's strings, with a short way for the ASCII that nearly all of them are.</summary>
internal static class Utf8Text
{
    /// <summary>
    /// Whether these bytes are ASCII; false may also mean that it could not be told cheaply. Reads up to <paramref name="readable"/>,
    /// the end of the bytes that may be looked at, which lies at or behind the text's end.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsShortAscii(ref byte origin, int position, int length, int readable)
    {
        if (!Vector256.IsHardwareAccelerated)
        {
            return false;
        }

        ref var text = ref Unsafe.Add(ref origin, position);
        if (length <= 32)
        {
            if (readable - position < 32)
            {
                return false;
            }

            var high = (ulong)Vector256.LoadUnsafe(ref text).ExtractMostSignificantBits();
            return (high & ((1UL << length) - 1)) == 0;
        }

        return length <= 64
            && (Vector256.LoadUnsafe(ref text) | Vector256.LoadUnsafe(ref text, (nuint)(length - 32))).ExtractMostSignificantBits() == 0;
    }

    /// <summary>Whether these bytes are valid UTF-8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsValid(ref byte origin, int position, int length, int readable) =>
        IsShortAscii(ref origin, position, length, readable) || Utf8.IsValid(Wire.Slice(ref origin, position, length));
}
