"""Where members of an organization read mail."""

from typing import Final

from gateway.database import Pool

_ADDRESSES: Final = """
SELECT member.email FROM gateway_user AS member JOIN gateway_membership AS membership ON membership.user_id = member.id
WHERE membership.organization_id = %s AND member.is_active
"""


async def member_addresses(pool: Pool, organization_id: int) -> frozenset[str]:
    """The addresses of all members, in lower case. Raises psycopg.Error."""
    async with pool.connection() as connection:
        rows = await (await connection.execute(_ADDRESSES, [organization_id])).fetchall()
    return frozenset(str(email) for (email,) in rows)
